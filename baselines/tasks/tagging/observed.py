"""What of a token a counted tagger's states hold beside the tag: its class and its fine class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from baselines.tasks.symbols import Symbols
from baselines.tasks.tagging.lexicon import capital, shape
from benchmark.errors import UserError
from benchmark.task.contract import Input, Item, Items

#: The class of a token: none, whether it has a capital, its shape, or its given tag.
Classes = Literal["none", "capital", "shape", "given"]


def with_tokens(items: Items) -> list[Item]:
    """The items that have tokens. Raises UserError if none has."""
    kept = [item for item in items if item.input.tokens]
    if not kept:
        raise UserError("the training items have no tokens; a tagger needs some with their tags")
    return kept


def classes_of(input: Input, classes: Classes) -> list[str]:
    """The class of each token. Where there are no given tags, all tokens are of one class."""
    if classes == "capital":
        return [capital(token) for token in input.tokens]
    if classes == "shape":
        return [shape(token) for token in input.tokens]
    if classes == "given" and input.given:
        return list(input.given)
    return [""] * len(input.tokens)


@dataclass(frozen=True)
class Observed:
    """Numbers of words, of classes, and of fine classes: a class, with its word if that is a frequent one."""

    words: Symbols
    classes: Symbols
    fine: Symbols
    frequent: frozenset[str]
    kind: Classes

    @classmethod
    def of(cls, inputs: Sequence[Input], kind: Classes, lexicalised: int | None) -> Self:
        """Those of some inputs. Words seen `lexicalised` times or more are frequent; None: none is."""
        counts = Counter(token for input in inputs for token in input.tokens)
        frequent = frozenset(word for word, n in counts.items() if lexicalised and n >= lexicalised)
        words, classes = Symbols.of(counts.elements()), [classes_of(input, kind) for input in inputs]
        fine = [_fine(input, names, frequent) for input, names in zip(inputs, classes, strict=True)]
        return cls(
            words,
            Symbols.of(name for names in classes for name in names),
            Symbols.of(name for names in fine for name in names),
            frequent,
            kind,
        )

    def numbers(self, input: Input) -> tuple[list[int], list[int]]:
        """The class and the fine class of each token."""
        names = classes_of(input, self.kind)
        return self.classes.numbers(names), self.fine.numbers(_fine(input, names, self.frequent))

    def save(self, folder: Path) -> None:
        """Write four JSON files."""
        self.words.save(folder / "words.json")
        self.classes.save(folder / "classes.json")
        self.fine.save(folder / "fine.json")
        Symbols(tuple(sorted(self.frequent))).save(folder / "frequent.json")

    @classmethod
    def load(cls, folder: Path, kind: Classes) -> Self:
        """What `save` wrote."""
        words, classes, fine, frequent = (
            Symbols.load(folder / f"{name}.json") for name in ("words", "classes", "fine", "frequent")
        )
        return cls(words, classes, fine, frozenset(frequent.names), kind)


def _fine(input: Input, names: Sequence[str], frequent: frozenset[str]) -> list[str]:
    pairs = zip(input.tokens, names, strict=True)
    return [f"{name} {token}" if token in frequent else name for token, name in pairs]
