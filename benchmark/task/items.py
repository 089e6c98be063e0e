"""Labelled items: what a model is given, and what is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Input:
    """What a model sees of an item.

    `tokens` are the words of a sentence or a document, or the letters of a word. `given` are tags that come
    with the tokens, one each, such as the parts of speech of CoNLL-2000; empty where there are none.
    """

    tokens: tuple[str, ...]
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An input with its right answer.

    `target` is one tag a token (tagging, chunking), one class (classification: a tuple of one), or a sequence
    of any length (transduction). `alternatives` are all right sequences, the target among them; empty where
    the target is the only one.
    """

    input: Input
    target: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...] = ()

    @property
    def right(self) -> tuple[tuple[str, ...], ...]:
        """Every right answer."""
        return self.alternatives or (self.target,)


Items = Sequence[Item]


def inputs_of(items: Items) -> list[Input]:
    """What a model sees of some items."""
    return [item.input for item in items]


def known_tokens(items: Items) -> frozenset[str]:
    """The distinct tokens of some items."""
    return frozenset(token for item in items for token in item.input.tokens)


def copied_share(items: Items, train: Items) -> float:
    """The share of items whose tokens are those of a training item: 0 to 1."""
    known = {item.input.tokens for item in train}
    return sum(item.input.tokens in known for item in items) / len(items)


def new_labels(items: Items, train: Items) -> int:
    """How many items have a label in their right answer that no training item has, so that none can give
    it."""
    known = set(labels_of(train))
    return sum(not known.issuperset(item.target) for item in items)


def labels_of(items: Items) -> tuple[str, ...]:
    """The distinct labels of some items, sorted: tags, classes, or the symbols of target sequences."""
    return tuple(sorted({label for item in items for label in item.target}))
