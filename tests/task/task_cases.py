"""Small corpora with labels, and models of them that are honest or not."""

from __future__ import annotations

import json
import os
import pickle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from benchmark.task.contract import (
    Classifier,
    Input,
    Items,
    ModelSize,
    RunLog,
    Tagger,
    Transducer,
    known_tokens,
    labels_of,
)
from benchmark.task.dataset import Dataset, open_dataset

MIRROR = os.environ.get("NEXTWORD_CORPORA")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="NEXTWORD_CORPORA names no folder of corpora")

#: Two columns: a word and its tag.
TAGGED = "the D\ncat N\nsees V\n\na D\ndog N\n\n"


def silent(line: str) -> None:
    """Says nothing."""


def settings(folder: Path, texts: dict[str, str], **more: Any) -> dict[str, Any]:
    """The settings of a corpus of files that are written here, by split."""
    for part, content in texts.items():
        (folder / f"{part}.txt").write_text(content, encoding="utf-8")
    named = {part: str(folder / f"{part}.txt") for part in texts}
    tagging = {"task": "tagging", "format": "columns", "columns": {"token": 0, "target": 1}}
    return {"name": "mine", **tagging, **named, **more}


def opened(options: dict[str, Any], folder: Path) -> Dataset:
    """An open corpus with labels."""
    return open_dataset(options, corpora_dir=None, cache_dir=folder / "cache", say=silent)


class OftenTagger(Tagger):
    """Gives a word the tag that it has most often, and any other the most frequent tag."""

    family = "count"

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        counts: dict[str, Counter[str]] = {}
        for item in train:
            for token, tag in zip(item.input.tokens, item.target, strict=True):
                counts.setdefault(token, Counter())[tag] += 1
        self.tags = {token: _most(found) for token, found in counts.items()}
        self.other = _most(sum(counts.values(), Counter()))

    def tag(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        return [tuple(self.tags.get(token, self.other) for token in each.tokens) for each in inputs]

    def size(self) -> ModelSize:
        return ModelSize(bytes_in_memory=100, entries=len(self.tags))

    def save(self, folder: Path) -> None:
        (folder / "tags.json").write_text(json.dumps([self.tags, self.other]), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        model = cls()
        model.tags, model.other = json.loads((folder / "tags.json").read_text(encoding="utf-8"))
        return model


class ShortTagger(OftenTagger):
    """Forgets the last tag of each sentence."""

    def tag(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        return [tags[:-1] for tags in super().tag(inputs)]


class InventiveTagger(OftenTagger):
    """Answers with a tag that it made up."""

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        super().fit(train, valid, log)
        self.tags = dict.fromkeys(self.tags, "NEW")


class LookingAround(OftenTagger):
    """Lets the other sentences change its answer."""

    def tag(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        tags = super().tag(inputs)
        return tags if len(inputs) == 1 else [tuple(self.other for _ in each) for each in tags]


class ForgetfulTagger(OftenTagger):
    """Saves half of itself."""

    def save(self, folder: Path) -> None:
        (folder / "tags.json").write_text(json.dumps([{}, self.other]), encoding="utf-8")


class PickledTagger(OftenTagger):
    """Saves itself as a pickle."""

    def save(self, folder: Path) -> None:
        super().save(folder)
        (folder / "more.bin").write_bytes(pickle.dumps({"a": 1}))


class WanderingTagger(OftenTagger):
    """Becomes another model the second time."""

    fits = 0

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        super().fit(train, valid, log)
        WanderingTagger.fits += 1
        if WanderingTagger.fits % 2 == 0:
            self.tags = {}


class Prior(Classifier):
    """Answers with the shares of the classes among the training items."""

    family = "count"

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        self.classes = labels_of(train)
        counts = Counter(item.target[0] for item in train)
        self.shares = np.array([counts[name] for name in self.classes]) / len(train)

    def log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        return np.log(np.tile(self.shares, (len(inputs), 1)))

    def size(self) -> ModelSize:
        return ModelSize(bytes_in_memory=100, entries=len(self.classes))

    def save(self, folder: Path) -> None:
        saved = [self.classes, self.shares.tolist()]
        (folder / "prior.json").write_text(json.dumps(saved), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        model = cls()
        classes, shares = json.loads((folder / "prior.json").read_text(encoding="utf-8"))
        model.classes, model.shares = tuple(classes), np.array(shares)
        return model


class Improper(Prior):
    """Gives probabilities that add up to 2."""

    def log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        return super().log_probs(inputs) + np.log(2)


class Certain(Prior):
    """Is sure of the most frequent class."""

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        super().fit(train, valid, log)
        self.shares = (self.shares == self.shares.max()).astype(float)

    def log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return super().log_probs(inputs)


class Disordered(Prior):
    """Has its classes in an order of its own."""

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        super().fit(train, valid, log)
        self.classes = self.classes[::-1]


class Spelling(Transducer):
    """Speaks each letter as itself in capitals, and is sure of it."""

    family = "count"

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        self.symbols = set(labels_of(train))

    def transduce(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        return [
            tuple(letter.upper() for letter in each.tokens if letter.upper() in self.symbols)
            for each in inputs
        ]

    def log_prob(self, inputs: Sequence[Input], outputs: Sequence[tuple[str, ...]]) -> np.ndarray:
        right = [a == b for a, b in zip(self.transduce(inputs), outputs, strict=True)]
        return np.where(right, np.log(0.5), -5.0)

    def size(self) -> ModelSize:
        return ModelSize(bytes_in_memory=100, entries=len(self.symbols))

    def save(self, folder: Path) -> None:
        (folder / "symbols.json").write_text(json.dumps(sorted(self.symbols)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        model = cls()
        model.symbols = set(json.loads((folder / "symbols.json").read_text(encoding="utf-8")))
        return model


class OtherLetters(Spelling):
    """Claims to know the letter x alone."""

    input_symbols = ("x",)


class ForgottenLetters(Spelling):
    """Saves no letters."""

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        super().fit(train, valid, log)
        self.input_symbols = tuple(known_tokens(train))


class TooSure(Spelling):
    """Gives a probability above 1."""

    def log_prob(self, inputs: Sequence[Input], outputs: Sequence[tuple[str, ...]]) -> np.ndarray:
        return np.ones(len(inputs))


def _most(counts: Counter[str]) -> str:
    return min(counts, key=lambda name: (-counts[name], name))
