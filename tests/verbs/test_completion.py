"""What the shell offers for an unfinished line. (test_command_line has one that goes through bash.)"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmark.cli import VERBS, main


@pytest.fixture
def offers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What is offered for a line, in a folder with two finished runs and a model of the user's own."""
    for name in ("ptb/lstm/0123456789ab", "sotu/lstm/0a23456789ab"):
        folder = tmp_path / "results" / "runs" / name
        folder.mkdir(parents=True)
        (folder / "result.json").write_text("{}")
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "mine.yaml").write_text("name: mine\n_target_: mine.Mine\n")
    (tmp_path / "conf" / "sweep").mkdir()
    (tmp_path / "conf" / "sweep" / "ours.yaml").write_text("grids: [model=mine]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", sys.argv)

    def ask(line: str) -> list[str]:
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_POINT", str(len(line)))
        assert main(["-sc", "query=bash"]) == 0
        return capsys.readouterr().out.split()

    return ask


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("nextword ge", ["generate"]),
        ("nextword generate l", ["lstm"]),
        ("nextword compare lstm so", ["sotu/lstm"]),
        ("nextword show 01", ["0123456789ab"]),
        ("nextword show --results-dir elsewhere l", []),
        ("nextword generate lstm --temp", ["--temperature"]),
        ("nextword generate lstm --results", ["--results-dir"]),
        ("nextword export lstm --debug --sc", ["--scores", "--scores-to"]),
        ("nextword peers neural --unt", ["--untied"]),
        ("nextword peers n", ["neural"]),
        ("nextword list mo", ["models"]),
        ("nextword new model x --family ", ["count", "neural", "tagger", "classifier", "transducer"]),
        ("nextword run --re", ["--results-dir", "--rerun"]),
        ("nextword run --rerun fa", ["failed"]),
        ("nextword run --results-dir r", []),
        ("nextword status --status mi", ["missing"]),
        ("nextword run model=finished model.run=pt", ["model.run=ptb/lstm"]),
        ("nextword run model=kneser_ney_s", ["model=kneser_ney_single"]),
        ("nextword run --debug model=lstm model.hid", ["model.hidden_size="]),
        ("nextword check model=fix", ["model=fixed_window"]),
        ("nextword run +sweep=qu", ["+sweep=quick"]),
        ("nextword run --config-dir conf model=min", ["model=min_gru", "model=min_lstm", "model=mine"]),
        ("nextword run --config-dir conf --rerun failed +sweep=ou", ["+sweep=ours"]),
        ("nextword run --config-dir nowhere model=l", []),
        ("nextword tune kneser_ney gated", ["gated_cache", "gated_classes"]),
        ("nextword tune kneser_ney corpus=pt", ["corpus=ptb"]),
        ("nextword nonsense x", []),
    ],
)
def test_a_line_is_completed(offers, line: str, offered: list[str]) -> None:
    assert offers(line) == offered


def test_every_verb_with_options_offers_them(offers) -> None:
    for verb in VERBS:
        assert {"--help", "--debug", "--config-dir"} <= set(offers(f"nextword {verb} --")), verb
