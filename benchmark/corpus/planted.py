"""Texts made by a rule: a word is planted, and has to be recalled some words later.

Each line begins with one of the keys. Filler words follow, drawn anew for each line, then a cue, and then the
key again:

    key3 f1 f0 f2 recall key3

The answer stands `distance` words after the key, 5 here; no other word says anything about it. Lines take
the distances in turn. The text follows from the settings alone.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from typing import IO, ClassVar

import numpy as np

from benchmark.errors import UserError, did_you_mean

#: The word before each answer.
CUE = "recall"
PARTS = ("train", "valid", "test")


@dataclass(frozen=True, kw_only=True)
class PlantedSettings:
    """The `distances` from a key to its answer, in words (2 or more), how many different `keys` and `fillers`
    there are, and how many `lines` each document has. `seed` draws another text."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    distances: list[int]
    lines: dict[str, int]
    keys: int = 8
    fillers: int = 4
    seed: int = 0

    def check(self, where: str) -> None:
        """Raises UserError, which names the setting, for one that no text can be made with."""
        if not self.distances or min(self.distances) < 2:
            raise UserError(f"{where}.distances={self.distances} is not usable: give distances of 2 and more")
        if self.keys < 2 or self.fillers < 1:
            raise UserError(f"{where} needs 2 keys and 1 filler at least, not {self.keys} and {self.fillers}")
        if self.seed < 0:
            raise UserError(f"{where}.seed={self.seed} is not usable: give 0 or more")
        for part in PARTS:
            if self.lines.get(part, 0) < 1:
                raise UserError(f"{where}.lines.{part} is missing: say how many lines there are, 1 or more")


@dataclass(frozen=True)
class PlantedDocument:
    """One split of such a corpus: `train`, `valid` or `test`."""

    settings: PlantedSettings
    part: str

    @property
    def name(self) -> str:
        return f"planted:{self.part}"

    @cached_property
    def _text(self) -> bytes:
        settings = self.settings
        draw = np.random.default_rng((settings.seed, PARTS.index(self.part)))
        lines = []
        for number in range(settings.lines[self.part]):
            distance = settings.distances[number % len(settings.distances)]
            key = f"key{draw.integers(settings.keys)}"
            fillers = [f"f{each}" for each in draw.integers(settings.fillers, size=distance - 2)]
            lines.append(" ".join([key, *fillers, CUE, key]) + "\n")
        return "".join(lines).encode()

    def open(self) -> IO[bytes]:
        return io.BytesIO(self._text)

    def digest(self) -> str:
        return hashlib.sha256(self._text).hexdigest()

    def tags(self) -> None:
        """There are no parts of speech."""


def planted_document(settings: PlantedSettings, name: str) -> PlantedDocument:
    """The document of this name. Raises UserError for any but those of the three splits."""
    if name not in PARTS:
        raise UserError(f"a planted corpus has no document {name!r}. {did_you_mean(name, PARTS)}")
    return PlantedDocument(settings, name)
