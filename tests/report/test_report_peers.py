"""The sections on speed beside the C++ toolkits and on growth with the text."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.peers.ngram.record import NgramCase, NgramRecord, NgramRun, TextFile
from benchmark.peers.record import Machine, Row
from benchmark.record.folder import read_runs
from benchmark.report import build_report
from benchmark.report.context import context_of
from benchmark.report.sections import growth, peers

HOSTILE = "<b>brown</b>"


MACHINE = Machine(processor="AMD EPYC", cores=2, memory_bytes=8_000_000_000, busy_before=0.01)


def record(
    name: str, rows: Sequence[Row[NgramCase, NgramRun]], started: str = "2025-01-02T10:00:00+00:00"
) -> NgramRecord:
    text = TextFile(f"{name}.txt", 100, 10, 930_000, "00")
    command = "nextword peers --orders 3"
    return NgramRecord(
        name=name,
        started=started,
        command=command,
        machine=MACHINE,
        programs={},
        rounds=2,
        train=text,
        test=text,
        memory=None,
        threads=2,
        rows=list(rows),
    )


def run_of(seconds: float, peak_bytes: int, known: float = 233.1) -> NgramRun:
    return NgramRun(
        seconds=seconds,
        cpu_seconds=seconds,
        peak_bytes=peak_bytes,
        scored_per_second=2e6,
        perplexity=323.9,
        perplexity_known=known,
        oov=9357,
        stages=[],
    )


def row(
    contestant: str, title: str, *runs: NgramRun, order: int = 3, tokens: int = 930_010
) -> Row[NgramCase, NgramRun]:
    commands = [f"{contestant} -o {order}"]
    return Row(
        case=NgramCase(order, tokens),
        contestant=contestant,
        title=title,
        commands=commands,
        runs=list(runs),
    )


MISSING: Row[NgramCase, NgramRun] = Row(
    case=NgramCase(3, 930_010), contestant="mitlm", title="MITLM", status="skipped", reason="not found"
)
OURS = row("ours", "nextword", run_of(1.0, 100_000_000))
KENLM = row("kenlm", "KenLM", run_of(3.0, 200_000_000), run_of(5.0, 200_000_000))
ROWS = [OURS, KENLM, MISSING]
POINTS = [
    row("ours", "nextword", run_of(tokens * order * 1e-7, tokens * 20), order=order, tokens=tokens)
    for tokens in (1_000_000, 10_000_000, 100_000_000)
    for order in (2, 3)
]


@pytest.fixture
def write(run, tmp_path: Path):
    """Writes a record below the results folder, which has one run."""
    run("kn", "KN", "count", 140.0)

    def written(folder: str, file: str, content: NgramRecord | str) -> None:
        path = tmp_path / "peers" / folder / file
        if isinstance(content, NgramRecord):
            content.save(path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return written


def test_without_measurements_there_is_no_section(run, tmp_path) -> None:
    run("kn", "KN", "count", 140.0)
    for results_dir in (None, tmp_path):
        context = context_of(read_runs(tmp_path), results_dir)
        assert peers.build(context) is growth.build(context) is None


def test_the_table_the_verdict_and_the_commands_are_shown(write, tmp_path) -> None:
    write("brown-1", "ngram.json", record(HOSTILE, ROWS))
    build_report(tmp_path, tmp_path / "report", lambda line: None)
    with (tmp_path / "report/tables/peers.csv").open(encoding="utf-8") as file:
        rows = {line["program"]: line for line in csv.DictReader(file)}
    assert list(rows) == ["nextword", "KenLM"]
    assert float(rows["KenLM"]["seconds"]) == 4.0
    assert float(rows["KenLM"]["time_ratio"]) == 0.25
    assert float(rows["KenLM"]["peak_bytes"]) == 2e8
    page = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    said = (
        "ours takes 0.25 times as long as the fastest peer (KenLM) and 0.50 times the memory of the largest"
    )
    assert said in page
    assert "MITLM (order 3, 930 k tokens): skipped: not found" in page
    assert "kenlm -o 3" in page
    assert "not fit to publish" not in page
    assert HOSTILE not in page


def test_a_busy_machine_and_another_perplexity_are_pointed_out(write, tmp_path) -> None:
    other = row("kenlm", "KenLM", run_of(4.0, 200_000_000, known=233.1 / 0.98))
    busy = replace(record("brown", [OURS, other]), machine=replace(MACHINE, busy_before=0.6))
    write("brown-1", "ngram.json", busy)
    section = peers.build(context_of(read_runs(tmp_path), tmp_path))
    said = " ".join(
        str(part) for block in section.blocks if block.kind == "paragraph" for part in block.parts
    )
    assert "not fit to publish" in said
    assert "KenLM's perplexity on known words differs from ours by 2%" in said


def test_growth_is_a_line_an_order(write, tmp_path) -> None:
    skipped = replace(MISSING, case=NgramCase(3, 200_000_000))
    write("brown-1", "growth.json", record("brown", [*POINTS, skipped]))
    build_report(tmp_path, tmp_path / "report", lambda line: None)
    for measure in ("seconds", "peak_bytes"):
        svg = (tmp_path / f"report/figures/growth_{measure}_brown.svg").read_text(encoding="utf-8")
        assert all(text in svg for text in ("order 2", "order 3", "1 M", "10 M", "100 M"))
    with (tmp_path / "report/figures/growth_seconds_brown.csv").open(encoding="utf-8") as file:
        points = [
            (int(line["order"]), float(line["tokens"]), float(line["seconds"]))
            for line in csv.DictReader(file)
        ]
    assert points == [(o, t, pytest.approx(t * o * 1e-7)) for o in (2, 3) for t in (1e6, 1e7, 1e8)]
    page = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    assert "The most: 30.0 s at order 3 for 100 M tokens." in page
    assert 'data-row="0"' not in page  # a line of no row is linked to none


def test_the_newest_whole_record_of_a_text_and_a_processor_counts(write, tmp_path) -> None:
    newest = row("ours", "newest", run_of(1.0, 100_000_000))
    write("brown-1", "ngram.json", record("brown", [newest], "2025-01-03T10:00:00"))
    write("brown-2", "ngram.json", record("brown", ROWS))
    write("brown-3", "ngram.json", record("brown", [MISSING], "2025-01-04T10:00:00"))
    write("brown-4", "ngram.json", "{ cut off")
    write("brown-5", "ngram.json", "[1]")
    write("brown-6", "ngram.json", '{"name": "brown"}')
    write("other-1", "ngram.json", record("other", ROWS))
    section = peers.build(context_of(read_runs(tmp_path), tmp_path))
    groups = section.blocks[0].groups
    assert [group.title for group in groups] == [
        f"{name}: 930,000 training words, 930,000 test words" for name in ("brown", "other")
    ]
    assert groups[0].rows[0].cells[2].shown == "newest"
