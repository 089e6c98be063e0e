"""The closed vocabulary of a corpus: every token that a model may be asked about, with its training count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

import numpy as np

from benchmark.corpus.marks import END, UNKNOWN

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by id, most frequent first, with their counts in the training split.

    `<s>` is never in the vocabulary, since it is never a target. A model that needs a symbol for "before
    the first token" uses the id `len(vocabulary)`, which no stream contains.
    """

    tokens: tuple[str, ...]
    counts: np.ndarray  # int64 [vocabulary]

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.counts):
            raise ValueError(f"{len(self.tokens)} tokens but {len(self.counts)} counts")
        if not self.tokens:
            raise ValueError("a vocabulary needs at least one token")

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token to id."""
        return {token: index for index, token in enumerate(self.tokens)}

    @cached_property
    def unknown(self) -> int | None:
        """The id of `<unk>`, an ordinary word of the closed vocabulary; None if the vocabulary lacks it."""
        return self.ids.get(UNKNOWN)

    @cached_property
    def end(self) -> int | None:
        """The id of `</s>`, a target at the end of every line; None if lines are not marked."""
        return self.ids.get(END)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the tokens in order; two runs with the same digest share their events."""
        import hashlib  # few programs ask, and it takes milliseconds

        return hashlib.sha256("\0".join(self.tokens).encode()).hexdigest()

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """The ids (int64) of tokens; unseen ones become `<unk>`.

        Raises KeyError, with the token, if the vocabulary has no `<unk>`.
        """
        unknown = self.unknown
        if unknown is None:
            return np.array([self.ids[token] for token in tokens], dtype=np.int64)
        return np.array([self.ids.get(token, unknown) for token in tokens], dtype=np.int64)

    def decode(self, ids: Sequence[int] | np.ndarray) -> list[str]:
        """The tokens with these ids."""
        return [self.tokens[int(index)] for index in ids]

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON: a token may contain any character, even a newline."""
        data = {"tokens": list(self.tokens), "counts": self.counts.tolist()}
        path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a vocabulary that `save` wrote. Raises Unreadable where there is none."""
        from benchmark.storage.reading import MOST_BYTES_OF_WORDS, Unreadable, read_json_object

        try:
            data = read_json_object(path, MOST_BYTES_OF_WORDS)
        except FileNotFoundError:
            raise Unreadable(f"cannot read {path}: there is no such file") from None
        tokens, counts = data.get("tokens"), data.get("counts")
        if not _all(tokens, str) or not _all(counts, int) or not 0 < len(tokens) == len(counts):
            raise Unreadable(f"cannot read {path}: it holds no vocabulary")
        return cls(tuple(tokens), np.array(counts, dtype=np.int64))


def _all(values: Any, kind: type[Kind]) -> TypeGuard[list[Kind]]:
    return isinstance(values, list) and set(map(type, values)) <= {kind}
