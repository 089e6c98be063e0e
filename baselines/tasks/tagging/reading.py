"""What the recurrent tagger reads: sentences as numbers, side by side in a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch

from baselines.tasks.symbols import PADDING, UNKNOWN, Symbols
from baselines.tasks.tagging.network import Batch
from benchmark.task.contract import Input

#: The longest spelling: of longer words the first and the last letters are read, half as many each.
LETTERS = 24
#: A letter or a given tag that is rarer than this is read as unknown, so that unknown ones are learned.
_LEAST = 2


@dataclass(frozen=True)
class Sentence:
    """A sentence as numbers, one a token: words, given tags, and the spelling of each word."""

    words: np.ndarray
    given: np.ndarray
    spelt: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True)
class Alphabet:
    """Numbers of words, letters and given tags. `lowercase`: words are looked up without their capitals."""

    words: Symbols
    letters: Symbols
    given: Symbols
    lowercase: bool

    @classmethod
    def of(cls, inputs: Sequence[Input], *, lowercase: bool) -> Self:
        """The words, letters and given tags of some inputs."""
        tokens = [token for input in inputs for token in input.tokens]
        return cls(
            Symbols.of((token.lower() for token in tokens) if lowercase else tokens),
            Symbols.of((letter for token in tokens for letter in token), _LEAST),
            Symbols.of((tag for input in inputs for tag in input.given), _LEAST),
            lowercase,
        )

    def sentence(self, input: Input) -> Sentence:
        """An input as numbers. A given tag that is missing is an unknown one."""
        tokens = [token.lower() for token in input.tokens] if self.lowercase else input.tokens
        given = self.given.numbers(input.given) if input.given else [UNKNOWN] * len(tokens)
        return Sentence(np.array(self.words.numbers(tokens), dtype=np.int64), np.array(given), input.tokens)

    def save(self, folder: Path) -> None:
        """Write three JSON files."""
        self.words.save(folder / "words.json")
        self.letters.save(folder / "letters.json")
        self.given.save(folder / "given.json")

    @classmethod
    def load(cls, folder: Path, *, lowercase: bool) -> Self:
        """What `save` wrote."""
        words, letters, given = (
            Symbols.load(folder / f"{name}.json") for name in ("words", "letters", "given")
        )
        return cls(words, letters, given, lowercase)


class Spellings:
    """Letters of words, looked up once for each distinct word."""

    def __init__(self, letters: Symbols):
        self._letters, self._known = letters, dict[str, list[int]]()

    def numbers(self, word: str) -> list[int]:
        """The letters of a word, at most `LETTERS` of them."""
        if word not in self._known:
            half = LETTERS // 2
            short = word if len(word) <= LETTERS else word[:half] + word[-half:]
            self._known[word] = self._letters.numbers(short)
        return self._known[word]


def side_by_side(
    sentences: Sequence[Sentence],
    spellings: Spellings,
    device: torch.device,
    unknown: np.ndarray | None = None,
) -> Batch:
    """A batch of sentences, none of them empty. Words are read as unknown with probability `unknown`
    [words]."""
    lengths = np.array([len(sentence) for sentence in sentences])
    words, given, spelt = (np.zeros((lengths.max(), len(sentences)), dtype=np.int64) for _ in range(3))
    distinct: dict[str, int] = {"": 0}  # the first row is padding
    for row, sentence in enumerate(sentences):
        words[: len(sentence), row] = sentence.words
        given[: len(sentence), row] = sentence.given
        spelt[: len(sentence), row] = [distinct.setdefault(word, len(distinct)) for word in sentence.spelt]
    if unknown is not None:
        words[torch.rand(words.shape).numpy() < unknown[words]] = UNKNOWN
    spelled = [spellings.numbers(word) for word in distinct]
    letters = np.zeros((len(spelled), max(map(len, spelled)) or 1), dtype=np.int64)
    for row, numbers in enumerate(spelled):
        letters[row, : len(numbers)] = numbers
    arrays = (words, given, spelt, letters, lengths)
    return Batch(*(torch.from_numpy(array).to(device) for array in arrays))


def unknown_shares(sentences: Sequence[Sentence], words: int, share: float) -> np.ndarray:
    """How probably each word is read as unknown in training: α / (α + its frequency), float64 [words].

    Words that are seen once thus teach what an unknown word is; frequent ones stay (Kiperwasser and Goldberg
    2016, section 4.1). α = `share`; padding stays what it is.
    """
    counts = Counter(int(word) for sentence in sentences for word in sentence.words)
    frequencies = np.array([counts[word] for word in range(words)])
    shares: np.ndarray = share / np.maximum(share + frequencies, 1e-12)
    shares[PADDING] = 0
    return shares
