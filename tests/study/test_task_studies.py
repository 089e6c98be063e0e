"""The studies of tasks: their rules on made-up numbers, and what they read of runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.check import check_model
from benchmark.record.result import Result
from benchmark.storage.reading import Unreadable
from benchmark.study.bidirectional_lm import SentenceLm
from benchmark.study.claim import read_claim
from benchmark.study.of_items import gain, item_losses
from benchmark.study.quantities import Quantity
from benchmark.study.rules import judge, verdict
from benchmark.task.item_losses import write_item_losses


def around(value: float, half: float = 0.01) -> dict[str, Any]:
    return {"value": value, "low": value - half, "high": value + half, "basis": "400 blocks, 3 seeds"}


def rows(task: str, *names: str) -> list[dict[str, Any]]:
    measures = {
        "classification": ("accuracy", "log_loss"),
        "tagging": ("accuracy", "unknown_accuracy"),
        "transduction": ("symbol_error", "word_error", "symbol_perplexity"),
    }[task]
    values = {key: [0.9, None, 0.92] for key in measures}
    about = {"family": "neural", "parameters": 1_000, "train_seconds": 10.0}
    return [{"name": name, **about, "values": values} for name in names]


def pooling(best: float, mean: float) -> dict[str, Any]:
    found = {"max": around(best), "mean": around(mean), "attention": around(best)}
    return {"corpus": "a text", "reached": rows("classification", "Last state", "Mean"), "gains": found}


def encoder(over: float, tuned: float) -> dict[str, Any]:
    reached = rows("classification", "Naive Bayes", "Encoder")
    return {
        "corpus": "a text",
        "reached": reached,
        "over_naive_bayes": around(over),
        "tuned_gain": around(tuned),
    }


def layers(two: float, eight: float, residual: float) -> dict[str, Any]:
    return {
        "corpus": "a text",
        "task": "tagging",
        "reached": rows("tagging", "1, no connections", "8, residual"),
        "curves": {"none": [[1, [0.9, 0.91]], [2, [0.92, 0.93]]], "residual": [[8, [0.9, 0.92]]]},
        "two_over_one": around(two),
        "two_over_eight": around(eight),
        "residual_gain": around(residual),
    }


def conditional(whole: float, long: float, short: float) -> dict[str, Any]:
    by_length = {name: [[[3, 0.1], [9, 0.2]]] * 2 for name in ("A single vector", "Attention")}
    return {
        "corpus": "a dictionary",
        "reached": rows("transduction", "A single vector", "Attention"),
        "gain": around(whole),
        "long_gain": around(long),
        "short_gain": around(short),
        "by_length": by_length,
    }


def bidirectional(
    better: float, broken: tuple[str, ...], forwards: tuple[str, ...], both: float
) -> dict[str, Any]:
    models = [
        {"name": "Forwards alone", "perplexity": 10.0, "broken": dict.fromkeys(forwards, "it moved")},
        {"name": "Both directions", "perplexity": both, "broken": dict.fromkeys(broken, "it moved")},
    ]
    return {
        "corpus": "a text",
        "task": "tagging",
        "reached": rows("tagging", "Both directions", "Forwards alone"),
        "gain": around(better),
        "language_models": models,
    }


@pytest.mark.parametrize(
    ("name", "measured", "expected"),
    [
        ("pooling", pooling(0.05, 0.05), "holds"),
        ("pooling", pooling(0.05, -0.05), "holds in part"),
        ("pooling", pooling(-0.05, -0.05), "does not hold here"),
        ("pooling", pooling(0.005, -0.005), "undecided"),
        ("encoder", encoder(0.05, 0.05), "holds"),
        ("encoder", encoder(-0.05, 0.05), "holds in part"),
        ("encoder", encoder(-0.05, -0.05), "does not hold here"),
        ("encoder", encoder(-0.05, 0), "undecided"),
        ("layers", layers(0.05, 0.05, 0.05), "holds"),
        ("layers", layers(-0.05, 0.05, 0.05), "holds in part"),
        ("layers", layers(-0.05, -0.05, -0.05), "does not hold here"),
        ("layers", layers(0, 0, 0), "undecided"),
        ("conditional", conditional(0.05, 0.1, 0.02), "holds"),
        ("conditional", conditional(0.05, 0.02, 0.1), "holds in part"),
        ("conditional", conditional(-0.05, -0.1, 0.05), "does not hold here"),
        ("conditional", conditional(0, 0, 0), "undecided"),
        ("bidirectional", bidirectional(0.05, ("causal", "consistent"), (), 1.5), "holds"),
        ("bidirectional", bidirectional(0.05, ("consistent",), (), 1.5), "holds in part"),
        ("bidirectional", bidirectional(-0.05, (), ("proper",), 9.0), "does not hold here"),
    ],
)
def test_its_rules_accept_and_reject(name: str, measured: dict[str, Any], expected: str) -> None:
    claim = read_claim(name)
    module = claim.load()
    assert verdict(judge(claim.rules, module.quantities(measured))) == expected
    assert module.show(measured)


class Kept:
    """A run that keeps losses of items."""

    def __init__(self, folder: Path, wrong: np.ndarray, counted: np.ndarray):
        folder.mkdir()
        self.folder = folder
        write_item_losses(folder, {"accuracy": np.stack([wrong, counted])})
        self.result = Result(
            run_id="",
            status="ok",
            model="",
            label="",
            corpus="",
            task="tagging",
            test_items=len(wrong),
            test_measures={"accuracy": 1 - wrong.sum() / counted.sum()},
        )


def test_a_gain_is_the_difference_of_mean_losses(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    counted = random.integers(1, 20, size=900)
    better = [Kept(tmp_path / f"b{n}", random.binomial(counted, 0.1), counted) for n in range(3)]
    worse = [Kept(tmp_path / f"w{n}", random.binomial(counted, 0.2), counted) for n in range(3)]
    found = Quantity(**gain(better, worse, "accuracy"))  # type: ignore[arg-type]
    assert found.low < 0.1 < found.high
    assert found.low > 0
    assert found.basis == "400 blocks of items, 3 seeds"
    back = Quantity(**gain(worse, better, "accuracy"))  # type: ignore[arg-type]
    assert back.value == pytest.approx(-found.value)
    some = np.arange(900) < 100
    few = Quantity(**gain(better, worse, "accuracy", some))  # type: ignore[arg-type]
    assert few.basis.startswith("100 blocks")
    assert few.high - few.low > found.high - found.low


def test_losses_of_another_run_are_refused(tmp_path: Path) -> None:
    run, other = (Kept(tmp_path / str(n), np.arange(900) % n, np.full(900, 9)) for n in (2, 3))
    item_losses(run, "accuracy")  # type: ignore[arg-type]
    shutil.copy(other.folder / "item_losses.npz", run.folder)
    with pytest.raises(Unreadable, match="does not hold the losses of this run's record"):
        item_losses(run, "accuracy")  # type: ignore[arg-type]


def test_the_check_catches_a_language_model_that_reads_backwards_too() -> None:
    from benchmark.check.texts import made_up

    texts = made_up(sentences=True)
    for both in (True, False):
        found = check_model(lambda both=both: SentenceLm(both, epochs=1), more=[texts], made_up_too=False)  # type: ignore[misc]
        broken = {finding.rule for finding in found if finding.problem}
        assert ("causal" in broken) == both
        assert both or not broken
