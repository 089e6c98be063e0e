"""The sections on speed beside the C++ toolkits and on growth with the text."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.record.folder import read_runs
from benchmark.report import build_report
from benchmark.report.context import context_of
from benchmark.report.sections import growth, peers

HOSTILE = "<b>brown</b>"


def record(name: str, started: str = "2025-01-02T10:00:00+00:00", **more: Any) -> dict[str, Any]:
    text = {"name": f"{name}.txt", "bytes": 100, "lines": 10, "words": 930_000, "sha256": "00"}
    machine = {"processor": "AMD EPYC", "cores": 2, "memory_bytes": 8e9, "busy_before": 0.01}
    base = {"name": name, "started": started, "machine": machine, "texts": {"train": text, "test": text}}
    return {
        **base,
        "command": "nextword peers --orders 3",
        "memory": None,
        "threads": 2,
        "repeats": 5,
        **more,
    }


def row(contestant: str, title: str, seconds: float, peak: float, **more: Any) -> dict[str, Any]:
    measured = {"seconds": seconds, "seconds_least": seconds, "seconds_most": 2 * seconds, "peak_bytes": peak}
    scores = {
        "perplexity": 323.9,
        "perplexity_known": 233.1,
        "scored_per_second": 2e6,
        "cpu_seconds": seconds,
    }
    ratios = {"time_ratio": 1 / seconds, "memory_ratio": 1e8 / peak, "perplexity_ratio": 1.0}
    names = {"order": 3, "contestant": contestant, "title": title, "status": "ok", "reason": None}
    return {**names, **measured, **scores, **ratios, "commands": [f"{contestant} -o 3"], **more}


MISSING = {"order": 3, "contestant": "mitlm", "title": "MITLM", "status": "skipped", "reason": "not found"}
ROWS = [row("ours", "nextword", 1.0, 1e8), row("kenlm", "KenLM", 4.0, 2e8), {**MISSING, "commands": []}]
POINTS = [
    {"order": order, "tokens": tokens, "seconds": tokens * order * 1e-7, "peak_bytes": tokens * 20}
    for tokens in (1e6, 1e7, 1e8)
    for order in (2, 3)
]


@pytest.fixture
def write(run, tmp_path: Path):
    """Writes a record below the results folder, which has one run."""
    run("kn", "KN", "count", 140.0)

    def written(folder: str, file: str, content: Any) -> None:
        (tmp_path / "peers" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "peers" / folder / file).write_text(
            content if isinstance(content, str) else json.dumps(content)
        )

    return written


def test_without_measurements_there_is_no_section(run, tmp_path) -> None:
    run("kn", "KN", "count", 140.0)
    for results_dir in (None, tmp_path):
        context = context_of(read_runs(tmp_path), results_dir)
        assert peers.build(context) is growth.build(context) is None


def test_the_table_the_verdict_and_the_commands_are_shown(write, tmp_path) -> None:
    write("brown-1", "peers.json", record(HOSTILE, rows=ROWS))
    build_report(tmp_path, tmp_path / "report", lambda line: None)
    with (tmp_path / "report/tables/peers.csv").open(encoding="utf-8") as file:
        rows = {line["program"]: line for line in csv.DictReader(file)}
    assert list(rows) == ["nextword", "KenLM"]
    assert float(rows["KenLM"]["time_ratio"]) == 0.25
    assert float(rows["KenLM"]["peak_bytes"]) == 2e8
    page = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    assert (
        "ours takes 0.25 of the time of the fastest peer (KenLM), 0.50 of the memory of the largest" in page
    )
    assert "MITLM at order 3: skipped: not found" in page
    assert "kenlm -o 3" in page
    assert "not fit to publish" not in page
    assert HOSTILE not in page


def test_a_busy_machine_and_another_perplexity_are_pointed_out(write, tmp_path) -> None:
    other = {**ROWS[1], "perplexity_ratio": 0.98}
    busy = record("brown", rows=[ROWS[0], other])
    busy["machine"]["busy_before"] = 0.6
    write("brown-1", "peers.json", busy)
    section = peers.build(context_of(read_runs(tmp_path), tmp_path))
    said = " ".join(
        str(part) for block in section.blocks if block.kind == "paragraph" for part in block.parts
    )
    assert "not fit to publish" in said
    assert "KenLM has another perplexity on known words than ours has (by 2%)" in said


def test_growth_is_a_line_an_order(write, tmp_path) -> None:
    skipped = {"order": 3, "tokens": 2e8, "status": "skipped", "reason": "beyond the budget"}
    write("brown-1", "growth.json", record("brown", points=[*POINTS, skipped]))
    build_report(tmp_path, tmp_path / "report", lambda line: None)
    for measure in ("time", "memory"):
        svg = (tmp_path / f"report/figures/growth_{measure}_brown.svg").read_text(encoding="utf-8")
        assert all(text in svg for text in ("order 2", "order 3", "1 M", "10 M", "100 M"))
    with (tmp_path / "report/figures/growth_time_brown.csv").open(encoding="utf-8") as file:
        points = [
            (int(line["order"]), float(line["tokens"]), float(line["seconds"]))
            for line in csv.DictReader(file)
        ]
    assert points == [(o, t, pytest.approx(t * o * 1e-7)) for o in (2, 3) for t in (1e6, 1e7, 1e8)]
    page = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    assert "The most: 30.0 s at order 3 for 100 M tokens." in page
    assert 'data-row="0"' not in page  # a line of no row is linked to none


def test_the_newest_whole_record_of_a_text_and_a_processor_counts(write, tmp_path) -> None:
    write(
        "brown-1",
        "peers.json",
        record("brown", "2025-01-03T10:00:00", rows=[row("ours", "newest", 1.0, 1e8)]),
    )
    write("brown-2", "peers.json", record("brown", rows=ROWS))
    write("brown-3", "peers.json", record("brown", "2025-01-04T10:00:00", rows=[MISSING]))
    write("brown-4", "peers.json", "{ cut off")
    write("brown-5", "peers.json", [1])
    write("brown-6", "peers.json", {"name": "brown"})
    write("other-1", "peers.json", record("other", rows=ROWS))
    section = peers.build(context_of(read_runs(tmp_path), tmp_path))
    groups = section.blocks[0].groups
    assert [group.title for group in groups] == ["brown: 930,000 words", "other: 930,000 words"]
    assert groups[0].rows[0].cells[2].shown == "newest"
