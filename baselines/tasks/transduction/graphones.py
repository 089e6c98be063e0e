"""Graphones: pairs of a few letters and the few phonemes that they stand for (Bisani & Ney 2008)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: Numbers of letters and of phonemes; no letter is 0 letters, no phoneme is 0 phonemes.
Numbers = tuple[int, ...]
Graphone = tuple[Numbers, Numbers]


@dataclass(frozen=True)
class Graphones:
    """Graphones by number, sorted, so that those with the same letters are neighbours: a group.

    `pairs[q]` are the letters and the phonemes of graphone q, as numbers. The end of a word has the number
    `len(graphones)`.
    """

    pairs: tuple[Graphone, ...]

    @classmethod
    def of(cls, pairs: Iterable[Graphone]) -> Graphones:
        """The distinct ones."""
        return cls(tuple(sorted(set(pairs))))

    def __len__(self) -> int:
        return len(self.pairs)

    @cached_property
    def numbers(self) -> dict[Graphone, int]:
        """The number of each graphone."""
        return {pair: number for number, pair in enumerate(self.pairs)}

    @cached_property
    def groups(self) -> dict[Numbers, int]:
        """The number of each group, by its letters."""
        return {letters: number for number, letters in enumerate(dict.fromkeys(a for a, _ in self.pairs))}

    @cached_property
    def group_of(self) -> np.ndarray:
        """The group of each graphone: int64 [graphones], ascending."""
        return np.array([self.groups[letters] for letters, _ in self.pairs], dtype=np.int64)

    @cached_property
    def group_start(self) -> np.ndarray:
        """The first graphone of each group, and the number of graphones: int64 [groups + 1]."""
        return np.searchsorted(self.group_of, np.arange(len(self.groups) + 1))

    @cached_property
    def longest(self) -> int:
        """Most letters of a graphone."""
        return max((len(letters) for letters, _ in self.pairs), default=1)

    @cached_property
    def phonemes(self) -> np.ndarray:
        """The phonemes of each graphone, from 1 up, filled up with 0: int64 [graphones, most phonemes]."""
        most = max((len(phonemes) for _, phonemes in self.pairs), default=0)
        table = np.zeros((len(self.pairs), most), dtype=np.int64)
        for row, (_, phonemes) in zip(table, self.pairs, strict=True):
            row[: len(phonemes)] = phonemes
        return table

    def groups_in(self, words: Sequence[Sequence[int]]) -> np.ndarray:
        """The groups that fit each place: int64 [words, letters, longest], −1 where none does.

        `[w, i, a]` is the group of the letters i … i + a of word w.
        """
        table = np.full((len(words), max(map(len, words), default=0), self.longest), -1, dtype=np.int64)
        for row, word in zip(table, words, strict=True):
            for place in range(len(word)):
                for more in range(min(self.longest, len(word) - place)):
                    row[place, more] = self.groups.get(tuple(word[place : place + more + 1]), -1)
        return table
