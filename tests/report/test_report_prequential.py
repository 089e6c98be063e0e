"""The section on prequential code lengths."""

from __future__ import annotations

import json
from typing import Any

from synthetic_runs import PTB, SOTU

from benchmark.prequential import VERSION
from benchmark.record.folder import read_runs
from benchmark.report import build_report
from benchmark.report.context import context_of
from benchmark.report.sections import prequential

STARTED = "2025-06-01T10:00:00+00:00"


def code(*bits: float, started: str = STARTED, targets: int = 64, version: int = VERSION) -> str:
    """Blocks of 8, 8, 16 and 32 tokens that take so many bits each."""
    spans = zip((0, 8, 16, 32), (8, 8, 16, 32), bits, strict=False)
    blocks = [{"after": after, "tokens": tokens, "bits": cost} for after, tokens, cost in spans]
    known = {"started": started, "version": version, "vocabulary": 16, "targets": targets}
    return json.dumps({**known, "blocks": blocks})


def section(folder) -> Any:
    return prequential.build(context_of(read_runs(folder)))


def tables(found) -> list[list[list[str]]]:
    """The shown cells of each group, without those of the CSV alone."""
    table = next(block for block in found.blocks if block.kind == "table")
    keep = table.visible("key")
    return [[[row.cells[i].shown for i in keep] for row in group.rows] for group in table.groups]


def test_the_shortest_code_comes_first_beside_the_uniform_one(run, tmp_path) -> None:
    run("kn", "KN", "count", 141.0, prequential_json=code(32.0, 24.0, 40.0, 64.0))
    run("lstm", "LSTM", "neural", 116.0, prequential_json=code(32.0, 28.0, 48.0, 52.0), seed=1)
    run("lstm", "LSTM", "neural", 117.0, prequential_json=code(32.0, 28.0, 40.0, 48.0), seed=2)
    run("rnn", "RNN", "neural", 130.0)
    found = section(tmp_path)
    # the uniform code takes 64 · log₂ 16 = 256 bits; the LSTM's codes take 160 and 148
    assert tables(found) == [
        [
            ["LSTM", "neural", "154", "2.406", "60.2%", "1.562"],
            ["KN", "n-gram", "160", "2.500", "62.5%", "2.000"],
        ]
    ]
    figure = next(block for block in found.blocks if block.kind == "figure")
    assert "The shortest code is that of LSTM, 154 bits." in figure.caption
    assert "mean over seeds" in figure.caption
    assert len(figure.data.groups[0].rows) == 3 * 4


def test_only_whole_codes_of_the_present_model_are_shown(run, tmp_path) -> None:
    run("a", "Part", "count", 141.0, prequential_json=code(32.0, 24.0))
    run("b", "Old", "count", 142.0, prequential_json=code(32.0, 24.0, 40.0, 64.0, started="2024"))
    run("c", "Version", "count", 143.0, prequential_json=code(32.0, 24.0, 40.0, 64.0, version=VERSION - 1))
    run("d", "Damaged", "count", 144.0, prequential_json="{")
    assert section(tmp_path) is None


def test_other_texts_are_other_groups_and_an_infinite_code_is_no_line(run, tmp_path) -> None:
    run("kn", "KN", "count", 141.0, prequential_json=code(32.0, 24.0, 40.0, 64.0))
    some = json.loads(code(32.0, 24.0, 40.0, 64.0))
    some["blocks"][2]["bits"] = "inf"
    run("mle", "MLE", "count", 150.0, prequential_json=json.dumps(some))
    part = {**PTB, "train_share": 0.5}
    run("kn", "KN", "count", 160.0, part, prequential_json=code(32.0, 24.0, targets=16), run_id="part")
    run("kn", "KN", "count", 90.0, SOTU, prequential_json=code(32.0, 24.0, 30.0, 62.0))
    found = section(tmp_path)
    assert len(tables(found)) == 3
    assert ["MLE", "n-gram", "∞", "∞", "–", "2.000"] in [row for group in tables(found) for row in group]
    titles = [group.title for block in found.blocks if block.kind == "table" for group in block.groups]
    assert titles.index("Penn Treebank, 50.0% of the training text") == titles.index("Penn Treebank") + 1
    figures = [block.name for block in found.blocks if block.kind == "figure"]
    assert sorted(figures) == ["prequential_ptb", "prequential_sotu"]


def test_it_is_in_the_page_and_in_markdown(run, tmp_path) -> None:
    run("kn", "KN", "count", 141.0, prequential_json=code(32.0, 24.0, 40.0, 64.0))
    out = tmp_path / "report"
    build_report(tmp_path, out, lambda line: None)
    for page in ("index.html", "report.md"):
        written = (out / page).read_text(encoding="utf-8")
        assert "Prequential code length" in written
        assert "62.5%" in written
    assert (out / "figures" / "prequential_ptb.svg").is_file()
    assert (out / "tables" / "prequential.tex").is_file()
