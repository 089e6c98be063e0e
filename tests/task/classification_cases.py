"""What the tests of classifiers share: made-up items, and the corpora."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from hypothesis import strategies as st
from task_cases import MIRROR, needs_mirror, silent

from benchmark.contract import RunLog
from benchmark.task.contract import Classifier, Input, Item, Items, inputs_of
from benchmark.task.dataset import Dataset, open_dataset

__all__ = ["needs_mirror"]

CONF = Path(__file__).parents[2] / "conf" / "corpus"


def item(label: str, text: str) -> Item:
    """A text with its class."""
    return Item(Input(tuple(text.split())), (label,))


#: Eight texts for each of two classes, and some to choose by, which have words of their own.
TRAIN = [
    *(item("for", f"a {word} film , {word} and warm") for word in ["good", "great", "fine", "rare"] * 2),
    *(item("against", f"a {word} film , {word} and cold") for word in ["bad", "dull", "poor", "weak"] * 2),
]
VALID = [
    item("for", "good and odd"),
    item("against", "bad , bad"),
    item("for", "cold"),
    item("against", "weak"),
]

#: Small collections of texts of up to three classes; the last classes may lack.
labelled = st.lists(
    st.builds(
        item, st.sampled_from(["x", "y", "z"]), st.lists(st.sampled_from("abcde"), max_size=6).map(" ".join)
    ),
    min_size=2,
    max_size=12,
)


def fitted(model: Classifier, train: Items = TRAIN, valid: Items = VALID) -> Classifier:
    """The model, trained without a word."""
    model.fit(train, valid, RunLog())
    return model


def accuracy(model: Classifier, items: Items) -> float:
    """The share of texts whose most probable class is theirs."""
    best = model.log_probs(inputs_of(items)).argmax(axis=1)
    return float(
        np.mean([model.classes[number] == each.target[0] for number, each in zip(best, items, strict=True)])
    )


def validation_loss(model: Classifier) -> float:
    """The log loss on `VALID`, as if one item more of n + 2 had a class drawn at random."""
    rows = model.log_probs(inputs_of(VALID))
    share = 1 / (len(VALID) + 2)
    losses = [
        -(1 - share) * row[model.classes.index(each.target[0])] - share * row.mean()
        for row, each in zip(rows, VALID, strict=True)
    ]
    return float(np.mean(losses))


def corpus(name: str, cache: Path) -> Dataset:
    """A corpus that comes with the suite."""
    options = yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8"))
    assert MIRROR is not None
    return open_dataset(options, corpora_dir=Path(MIRROR), cache_dir=cache, say=silent)


class Notes(RunLog):
    """Keeps the lines of the log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str) -> None:
        self.lines.append(message)
