"""What runs of tasks keep of each item: losses and answers, and the intervals made of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from task_cases import TAGGED
from task_run_cases import result_of, run

from benchmark.cli import main
from benchmark.record.folder import read_result
from benchmark.record.result import Result
from benchmark.report.group_runs import group_runs
from benchmark.report.task_groups import drawn, task_groups
from benchmark.storage.reading import Unreadable
from benchmark.task.answers_file import read_answers, write_answers
from benchmark.task.item_losses import BLOCKS, read_item_losses, write_item_losses
from benchmark.task.items import Input, Item
from benchmark.task.measures import ACCURACY, SPAN_F1


def test_losses_of_items_are_read_as_written_and_never_unpickled(tmp_path: Path) -> None:
    losses = {"accuracy": np.array([[1.0, 0.0], [3.0, 2.0]])}
    write_item_losses(tmp_path, losses)
    found = read_item_losses(tmp_path)
    assert found is not None
    assert (found["accuracy"] == losses["accuracy"]).all()
    np.savez(tmp_path / "item_losses.npz", accuracy=np.array([{"a": 1}, {}], dtype=object))
    with pytest.raises(Unreadable):
        read_item_losses(tmp_path)
    (tmp_path / "item_losses.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(Unreadable):
        read_item_losses(tmp_path)


def test_answers_are_read_as_written(tmp_path: Path) -> None:
    items = [Item(Input(("it\u2028s", '"\n')), ("A", "B")), Item(Input(("a",)), ("ß",))]
    write_answers(tmp_path, items, [("A", "A"), ("ß",)])
    record = Result(run_id="", status="ok", model="", label="", corpus="", task="tagging", test_items=2)
    found = read_answers(tmp_path, record)
    assert [(each.input, each.right) for each in found] == [
        (each.input.tokens, each.target) for each in items
    ]
    assert [each.answer for each in found] == [("A", "A"), ("ß",)]


NO_OBJECT = "line 1: no object with input, right and answer"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"answer": ["D"', '"answer": ["D', 1), NO_OBJECT),
        (lambda text: text.replace('["D", "N", "V"]', "3", 1), NO_OBJECT),
        (lambda text: text.replace('"right"', '"wrong"', 1), NO_OBJECT),
        (lambda text: "[" * 9999 + "\n" + text.partition("\n")[2], NO_OBJECT),
        (lambda text: text.partition("\n")[2], "holds 12 items, and the run's record 13"),
        (lambda text: text[:-9], "and the run's record 13"),
        (lambda text: "", "and the run's record 13"),
        (lambda text: None, "is missing"),
    ],
)  # fmt: skip
def test_answers_that_are_damaged_are_refused_with_one_line(own: Path, change, said: str) -> None:
    run("corpus=mine", "model=often")
    folder, result = result_of(own, "often")
    file, checksums = folder / "answers.jsonl", folder / "checksums.json"
    changed = change(file.read_text(encoding="utf-8"))
    file.unlink()
    if changed is not None:
        file.write_text(changed, encoding="utf-8")
        with pytest.raises(Unreadable, match="damaged"):
            read_answers(folder, result)
    checksums.unlink()  # a folder from before there were checksums
    with pytest.raises(Unreadable, match=said) as raised:
        read_answers(folder, result)
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_answers_of_another_run_are_refused(own: Path) -> None:
    for model in ("often", "inventive"):
        run("corpus=mine", f"model={model}")
    (right, _), (wrong, result) = result_of(own, "often"), result_of(own, "inventive")
    read_answers(wrong, result)
    shutil.copy(right / "answers.jsonl", wrong)
    (wrong / "checksums.json").unlink()
    with pytest.raises(Unreadable, match="does not hold the answers of this run's record"):
        read_answers(wrong, result)


def test_rows_on_other_items_are_no_group(own: Path) -> None:
    run("corpus=mine", "model=often")
    (own / "test.txt").write_text(TAGGED * 5)
    run("corpus=mine", "model=often", "force=true")
    folders = list((own / "results" / "runs" / "mine" / "often").iterdir())
    from benchmark.record.folder import RunRecord

    records = [RunRecord(folder, read_result(folder)) for folder in folders]  # type: ignore[arg-type]
    assert len(records) == len(task_groups(group_runs(records))) == 2


@pytest.mark.parametrize("wrong", [{"accuracy": 1e300}, {"accuracy": -3.0}, {}])
def test_impossible_measures_are_told_and_not_shown(wrong: dict[str, float], own: Path) -> None:
    run("corpus=mine", "model=often")
    folder, result = result_of(own, "often")
    record = result.to_json() | {"test_measures": wrong}
    (folder / "result.json").write_text(json.dumps(record))
    assert main(["report"]) == 0
    assert "no usable measures" in (own / "results" / "report" / "index.html").read_text(encoding="utf-8")


def test_losses_of_another_run_are_no_ground_for_an_interval(own: Path) -> None:
    from benchmark.record.folder import RunRecord

    run("corpus=mine", "model=often")
    folder, result = result_of(own, "often")
    (row,) = group_runs([RunRecord(folder, result)])
    assert drawn([row], ACCURACY) is not None
    found = read_item_losses(folder)
    assert found is not None
    write_item_losses(folder, {"accuracy": found["accuracy"] + [[1], [0]]})
    assert drawn([row], ACCURACY) is None
    write_item_losses(folder, {"accuracy": found["accuracy"][:, :5]})
    assert drawn([row], ACCURACY) is None


def test_intervals_of_shares_end_at_0_and_1(own: Path) -> None:
    from benchmark.record.folder import RunRecord

    run("corpus=mine", "model=wandering")
    folder, result = result_of(own, "wandering")
    (row,) = group_runs([RunRecord(folder, result)])
    found = drawn([row], ACCURACY)
    assert found is not None
    low, high = found.interval(row) or (-1, 2)
    assert 0 <= low <= high <= 1


@pytest.mark.slow
@pytest.mark.parametrize("measure", [ACCURACY, SPAN_F1])
def test_intervals_cover_as_often_as_they_say(measure, tmp_path: Path) -> None:
    """Of a model with a known error rate, on many made-up tests of sentences of uneven length."""
    from dataclasses import dataclass

    from benchmark.record.folder import RunRecord
    from benchmark.report.rows import Row

    @dataclass
    class Kept:
        folder: Path

    random, rate, inside, trials = np.random.default_rng(1), 0.1, 0, 300
    for trial in range(trials):
        counts = random.integers(1, 40, size=500)
        losses = random.binomial(counts, np.clip(random.normal(rate, 0.03, size=500), 0, 1))
        folder = tmp_path / str(trial)
        folder.mkdir()
        write_item_losses(folder, {measure.key: np.stack([losses, counts])})
        wrong = float(losses.sum() / counts.sum())
        result = Result(
            run_id="0" * 12,
            status="ok",
            model="one",
            label="one",
            corpus="mine",
            test_items=500,
            test_measures={measure.key: 1 - wrong},
        )
        row = Row((RunRecord(folder, result),), {}, "one", number=1)
        found = drawn([row], measure)
        assert found is not None
        assert found.losses.blocks == min(BLOCKS, 500)
        low, high = found.interval(row) or (0, 0)
        inside += low <= 1 - rate <= high
    assert 0.91 <= inside / trials <= 0.99
