"""A folder of the user's own: models, corpora, sweeps and searches outside of nextword."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark import trust
from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.own_folder import use_own_folder
from benchmark.run import execute
from benchmark.search.search_file import load_search
from benchmark.sweep.compose import collect

FILES = {
    "conf/model/my_own.yaml": "name: my_own\nlabel: My own\n_target_: my_own.MyOwn\norder: 2\n",
    "conf/corpus/pets.yaml": (
        "name: pets\nsource: {kind: files}\ntrain: pets.txt\nvalid: pets.txt\ntest: pets.txt\n"
        "tokens: whitespace\nmarks: refuse\nlowercase: false\nend_of_line: true\n"
        "vocabulary: {size: null, min_count: 1, unknown: map}\n"
    ),
    "conf/sweep/both.yaml": "description: both\ngrids: ['model=my_own,unigram corpus=pets']\n",
    "conf/search/orders.yaml": (
        "description: orders\nbase: model=my_own corpus=pets\n"
        "space: {model.order: {choices: [1, 2]}}\ntrials: 2\n"
    ),
    "my_own.py": (
        "from dataclasses import dataclass\n"
        "from baselines.ngram.smoothing.kneser_ney import KneserNey\n"
        "@dataclass(kw_only=True, eq=False)\n"
        "class MyOwn(KneserNey):\n"
        "    pass\n"
    ),
    "colorsys.py": "raise SystemExit('a module of the user hides one of Python')\n",
    "pets.txt": "the cat sat on the mat\nthe dog sat on the log\na cat saw a dog\n" * 5,
}


@pytest.fixture(autouse=True)
def _mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trust, "_allowed", set())
    yield
    sys.modules.pop("my_own", None)


OPTION = ["--config-dir", "conf"]


def test_a_sweep_of_the_users_own_runs_and_its_runs_are_used_like_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for job in collect([*OPTION, "+sweep=both"]):
        assert execute(job, report=lambda progress: None).status == "ok"
    assert job.command == "nextword run --config-dir=conf model=unigram corpus=pets"
    import colorsys  # noqa: F401

    use_own_folder(None)
    sys.modules.pop("my_own")
    monkeypatch.setattr(trust, "_allowed", set())
    asked = ["generate", "my_own", "--prompt", "the cat", "--top", "1"]
    assert main(asked) == 2
    assert 'if you trust it, add allow=["my_own"]' in capsys.readouterr().err
    assert "my_own" not in sys.modules
    assert main([*asked, *OPTION]) == 0
    assert " saw\n" in capsys.readouterr().out
    (job,) = collect([*OPTION, "model=finished", "model.run=my_own", "corpus=pets"])
    assert execute(job, report=lambda progress: None).status == "ok"


def test_searches_and_names_of_the_users_own_are_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="there is no search 'orders'"):
        load_search("orders", {})
    monkeypatch.setenv("NEXTWORD_CONFIG_DIR", "conf")
    assert load_search("orders", {}).trials == 2
    for group, names in {"corpora": ["pets", "ptb"], "sweeps": ["both", "default"]}.items():
        assert main(["list", group]) == 0
        listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
        assert set(names) <= set(listed)
    monkeypatch.delenv("NEXTWORD_CONFIG_DIR")
    assert main(["run", *OPTION, "+sweep=bth"]) == 2
    assert "Did you mean 'both'?" in capsys.readouterr().err


def test_the_environment_names_the_folder_for_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEXTWORD_CONFIG_DIR", "conf")
    assert main(["status", "model=my_own", "corpus=pets", "--json"]) == 0
    assert '"command": "nextword run --config-dir=conf model=my_own corpus=pets"' in capsys.readouterr().out


def test_the_folder_alone_asks_for_every_run_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for job in collect([*OPTION, "model=my_own", "corpus=pets"]):
        assert execute(job, report=lambda progress: None).status == "ok"
    capsys.readouterr()
    assert main(["status", *OPTION]) == 0
    said = capsys.readouterr().out
    assert said.endswith("1 run: 1 ok\n")
    assert main(["status", "--config-dir=conf", "results_dir=results"]) == 0
    assert capsys.readouterr().out == said
    monkeypatch.setenv("NEXTWORD_CONFIG_DIR", "conf")
    assert main(["status"]) == 0
    assert capsys.readouterr().out == said


def test_a_folder_is_never_read_because_it_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "model=my_own", "corpus=pets"]) == 2
    assert "there is no model 'my_own'" in capsys.readouterr().err
    assert main(["list", "sweeps"]) == 0
    assert not any(line.startswith("  both ") for line in capsys.readouterr().out.splitlines())
    assert main(["list", "sweeps", "--config-dir", "nowhere"]) == 2
    assert capsys.readouterr().err == (
        "nextword: --config-dir nowhere is not usable: there is no such folder\n"
    )
