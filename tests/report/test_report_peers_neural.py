"""The section on neural training beside the examples people copy."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.peers.neural.record import (
    GoalRecord,
    GoalRun,
    NeuralCase,
    NeuralRecord,
    NeuralRun,
    ProofConditions,
    Sizes,
    Speed,
)
from benchmark.peers.neural.table import NeuralPresentation
from benchmark.peers.record import Machine, Row, Status
from benchmark.record.folder import read_runs
from benchmark.report import build_report
from benchmark.report.context import context_of
from benchmark.report.sections import peers_neural

HOSTILE = "<b>ptb</b>"
CASE = NeuralCase("lstm", HOSTILE, 10_000, 1)
MACHINE = Machine(processor="AMD EPYC", cores=2, memory_bytes=8_000_000_000, busy_before=0.01)


def row(
    contestant: str, title: str, rate: float, difference: float | None = None
) -> Row[NeuralCase, NeuralRun]:
    runs = [
        NeuralRun(
            losses=[5.0],
            evaluation_loss=5.0,
            train_tokens_per_second=rate * factor,
            score_tokens_per_second=3 * rate * factor,
            seconds=1.0,
            peak_bytes=1,
            torch="2.13.0",
        )
        for factor in (0.5, 1.0, 4.0)
    ]
    return Row(case=CASE, contestant=contestant, title=title, difference_from_ours=difference, runs=runs)


def left_out(contestant: str, title: str, status: Status, reason: str) -> Row[NeuralCase, Any]:
    return Row(case=CASE, contestant=contestant, title=title, status=status, reason=reason)


def record(**changes: Any) -> NeuralRecord:
    base = NeuralRecord(
        name=HOSTILE,
        started="2025-01-02T10:00:00+00:00",
        command="nextword peers neural --corpus ptb",
        machine=MACHINE,
        programs={},
        rounds=5,
        texts=[],
        device="cpu",
        sizes=Sizes(),
        speed=Speed(steps=60, evaluation_tokens=20_000, precision="float32"),
        proof=ProofConditions(steps=30, tolerance=1e-5, highest_learning_rate=1.0),
        evaluation_rows=10,
        rows=[
            row("ours", "nextword", 6000.0),
            row("word_language_model", "PyTorch example", 4000.0, 3.2e-7),
            left_out("awd_lstm", "awd-lstm-lm", "skipped", "not found"),
        ],
    )
    return replace(base, **changes)


def to_goal(title: str, run: GoalRun) -> Row[NeuralCase, GoalRun]:
    return Row(case=NeuralCase("lstm", "ptb", 10_000, 1), contestant=title, title=title, runs=[run])


GOAL = GoalRecord(
    perplexity=130.0,
    limit=3600,
    rows=[
        to_goal("nextword", GoalRun(181.25, [(181.25, 129.0)])),
        to_goal("PyTorch example", GoalRun(None, [(900.0, 141.0)])),
        left_out("awd_lstm", "awd-lstm-lm", "failed", "exit status 1: no GPU"),
    ],
)


@pytest.fixture
def write(run, tmp_path: Path):
    """Writes a record below the results folder, which has one run."""
    run("kn", "KN", "count", 140.0)

    def written(folder: str, content: NeuralRecord) -> None:
        content.save(tmp_path / "peers" / folder / "neural.json")

    return written


def paragraphs(section) -> str:
    return " ".join(str(part) for b in section.blocks if b.kind == "paragraph" for part in b.parts)


def test_without_a_comparison_that_measured_something_there_is_no_section(write, tmp_path) -> None:
    for results_dir in (None, tmp_path):
        assert peers_neural.build(context_of(read_runs(tmp_path), results_dir)) is None
    write("ptb-1", record(rows=record().rows[2:]))
    assert peers_neural.build(context_of(read_runs(tmp_path), tmp_path)) is None


def test_the_table_holds_both_rates_their_ratios_and_how_far_losses_are_apart(write, tmp_path) -> None:
    write("ptb-1", record())
    build_report(tmp_path, tmp_path / "report", lambda line: None)
    with (tmp_path / "report/tables/peers_neural.csv").open(encoding="utf-8") as file:
        (only,) = csv.DictReader(file)
    assert (only["network"], only["beside"], only["text"]) == ("lstm", "PyTorch example", HOSTILE)
    numbers = ("vocabulary", "threads", "train_ours", "train_its", "train_ratio", "score_ours", "score_its")
    assert [float(only[key]) for key in numbers] == [10_000, 1, 6000, 4000, 1.5, 18_000, 12_000]
    assert float(only["loss_difference"]) == 3.2e-7
    page = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    assert "2 layers × 200, tied, no dropout, batch 20, unroll 35, on cpu" in page
    assert "awd-lstm-lm (lstm, " in page
    assert "nextword peers neural --corpus ptb" in page
    assert "not fit to publish" not in page
    assert HOSTILE not in page


def test_the_way_to_a_perplexity_and_a_busy_machine_are_told(write, tmp_path) -> None:
    busy = replace(MACHINE, busy_before=0.6)
    write("ptb-1", record(goal=GOAL, machine=busy))
    said = paragraphs(peers_neural.build(context_of(read_runs(tmp_path), tmp_path)))
    assert "lstm, ptb, 10,000 words, 1 thread, to validation perplexity 130: nextword: 181.2 s" in said
    assert "PyTorch example: not reached, 141.00 at best" in said
    assert "awd-lstm-lm: failed: exit status 1: no GPU" in said
    assert "not fit to publish" in said


def test_the_newest_comparison_counts_and_a_report_is_the_same_each_time(write, tmp_path) -> None:
    older = record(started="2025-01-01T10:00:00+00:00")
    older.rows = [replace(row, title="superseded") for row in older.rows]
    write("ptb-1", record())
    write("ptb-2", older)
    pages = []
    for name in ("one", "two"):
        build_report(tmp_path, tmp_path / name, lambda line: None)
        pages.append((tmp_path / name / "index.html").read_bytes())
    assert pages[0] == pages[1]
    assert b"superseded" not in pages[0]


def in_arithmetic(
    precision: str | None, ours: str, its: str, **figures: Any
) -> list[Row[NeuralCase, NeuralRun]]:
    """Rows of ours and the example, with what each said that it trained in."""
    case = replace(CASE, precision=precision)
    rows = []
    for one, said in ((row("ours", "nextword", 6000.0), ours), (row("peer", "PyTorch example", 4000.0), its)):
        runs = [
            replace(run, train_arithmetic=said, score_arithmetic="float32", **figures) for run in one.runs
        ]
        rows.append(replace(one, case=case, runs=runs))
    return rows


def test_arithmetic_is_a_column_where_there_are_several(tmp_path) -> None:
    autocast = "bfloat16 by autocast, float16 in recurrent layers"
    exact, rounded = (
        in_arithmetic("float32", "float32", "float32"),
        in_arithmetic("bfloat16", "bfloat16", autocast),
    )
    speed = Speed(steps=60, evaluation_tokens=20_000)
    several = record(name="ptb", speed=speed, rows=[*exact, *rounded])
    alone = record(name="ptb", speed=speed, rows=exact)
    presentation = NeuralPresentation()
    shown = presentation.plain(several)
    assert "Arithmetic" in shown
    assert "training in float32 and bfloat16" in shown
    assert f"nextword in bfloat16, PyTorch example in {autocast}" in shown
    assert "nextword in float32" not in shown  # as asked for
    assert "Arithmetic" not in presentation.plain(alone)
    assert "training in float32, " in presentation.plain(alone)


def test_a_record_from_before_cases_had_an_arithmetic_is_shown_as_before(tmp_path) -> None:
    old = record(name="ptb")
    path = tmp_path / "neural.json"
    old.save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["seal"]
    for one in data["rows"]:
        del one["case"]["precision"]
        for run in one["runs"]:
            for name in ("peak_device_bytes", "device_name", "train_arithmetic", "score_arithmetic"):
                del run[name]
    path.write_text(json.dumps(data), encoding="utf-8")
    shown = NeuralPresentation().plain(NeuralRecord.load(path))
    assert "ours in float32" in shown
    assert "Arithmetic" not in shown
    assert "GPU" not in shown


def test_a_gpu_is_named_and_its_memory_is_shown() -> None:
    rows = in_arithmetic("tf32", "tf32", "tf32", device_name="NVIDIA H100", peak_device_bytes=1_500_000_000)
    shown = NeuralPresentation().plain(record(name="ptb", device="cuda", rows=rows))
    assert "NVIDIA H100, AMD EPYC" in shown
    assert "GPU memory" in shown
    assert "1.50 GB" in shown


def test_other_sizes_and_other_devices_are_other_comparisons(write, tmp_path) -> None:
    larger = record(sizes=Sizes(hidden_size=650, embedding_size=650))
    for number, one in enumerate((record(), larger, record(device="cuda"))):
        write(f"ptb-{number}", one)
    section = peers_neural.build(context_of(read_runs(tmp_path), tmp_path))
    titles = [group.title for block in section.blocks if block.kind == "table" for group in block.groups]
    assert [title.split(": ")[1].split(",")[0] for title in titles].count("2 layers × 650") == 1
    assert len(titles) == 3


def test_the_plain_table_says_the_same(tmp_path) -> None:
    shown = NeuralPresentation().plain(record(name="ptb", goal=GOAL))
    assert "PyTorch example" in shown
    assert "×1.50" in shown
    assert "3.2e-07" in shown
    assert "awd-lstm-lm (lstm, <b>ptb</b>, 10,000 words, 1 thread): skipped: not found" in shown
    sizes = Sizes(embedding_size=400, tied=False, dropout=0.5)
    heading = NeuralPresentation().heading(record(sizes=sizes))
    assert "2 layers × 200, embeddings of 400, not tied, dropout 0.5" in heading
