"""Counting on a device: the n-grams of a text that fits its memory.

Input: a sequence of word ids with `<s>` (the id `words`) where histories begin, as `training_sequence` makes
it: int32 [tokens], on the host.

Output: one `DeviceCounts` for each order, from 1 up; the n-grams, their order and their counts are those of
`count_ngrams`.

The host reads sizes and the counts of single words, which divide the work. Everything else stays on the
device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from baselines.ngram.sorting.arrays import TorchArrays
from baselines.ngram.sorting.ranges import SortedRange, places_by_range, ranges_of_first_words, sort_range

_WORD_BITS = 32  # of a key


@dataclass(frozen=True)
class DeviceCounts:
    """The distinct n-grams of one order, as `OrderCounts` has them; tensors on a device.

    - `keys` int64 [n-grams], ascending: the id of the context in the upper 32 bits, the last word in the
      lower.
    - `counts` int32 or int64 [n-grams], `suffix` int32 [n-grams], `starts`, `words`, `context_count`: see
      `OrderCounts`.
    """

    keys: Tensor
    counts: Tensor
    suffix: Tensor
    starts: int
    words: int
    context_count: int

    def __len__(self) -> int:
        return len(self.keys)

    def contexts(self) -> Tensor:
        """The id of the context of each n-gram: int64 [n-grams], ascending."""
        return self.keys >> _WORD_BITS

    def bounds(self) -> Tensor:
        """Where the n-grams of each context begin, and where the last ones end: int64 [contexts + 1]."""
        contexts = torch.arange(self.context_count + 1, device=self.keys.device)
        return torch.searchsorted(self.keys, keys_of(contexts, 0))


def keys_of(contexts: Tensor, words: Tensor | int) -> Tensor:
    """The key of each context (int64) and word: int64."""
    return contexts << _WORD_BITS | words


def words_of(keys: Tensor) -> Tensor:
    """The last word of each key: int64."""
    return keys & ((1 << _WORD_BITS) - 1)


def count_on_device(
    sequence: np.ndarray,
    words: int,
    order: int,
    device: str,
    places: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[DeviceCounts]:
    """The n-grams of orders 1 to `order` in `sequence`, a result of `training_sequence`, with their counts.

    `words` is the size of the vocabulary, and the id of `<s>`. `places`: how many places of the text are
    sorted at once (see `places_that_fit`; default: what suits a GPU); it does not change the result.
    `progress(n)` is called with the number of tokens done.
    """
    arrays = TorchArrays(device)
    if not len(sequence) or sequence[-1] != words:  # a read beyond the end returns the last element
        sequence = np.append(sequence, np.int32(words))
    text = arrays.of(np.ascontiguousarray(sequence, dtype=np.int32))
    unigrams = torch.bincount(text, minlength=words + 1)
    growing, done = _Growing(order, text), 0
    if order > 1:
        ranges = ranges_of_first_words(arrays.numpy(unigrams), places or arrays.places)
        begun = _places(text, words, ranges, arrays)
        begun.reverse()
        for low, _ in ranges:
            of_range = begun.pop()  # released once it is sorted
            growing.add(sort_range(text, of_range, words, low, order, arrays))
            done += len(of_range)
            progress(done)
    return growing.finish(unigrams)


def _places(text: Tensor, words: int, ranges: list[tuple[int, int]], arrays: TorchArrays) -> list[Tensor]:
    """The places where the n-grams of each range begin: those that another word follows."""
    if len(ranges) == 1:
        return [torch.nonzero(text[1:] != words).squeeze(1)]
    return list(places_by_range(text, 0, len(text) - 1, words, ranges, arrays))


@dataclass
class _Columns:
    """Pieces of the arrays of one order. `behind`: the place after the one where each n-gram begins."""

    keys: list[Tensor] = field(default_factory=list)
    counts: list[Tensor] = field(default_factory=list)
    behind: list[Tensor] = field(default_factory=list)


class _Growing:
    """The growing tables, and which n-gram begins at each place of the text."""

    def __init__(self, order: int, text: Tensor) -> None:
        self.text = text
        self.columns = {n: _Columns() for n in range(2, order + 1)}
        self.lengths = dict.fromkeys(range(1, order + 1), 0)
        # id of the n-gram that begins at each place, orders 2 to order − 1: the suffixes of longer n-grams
        self.begins = {
            n: torch.empty(len(text), dtype=torch.int32, device=text.device) for n in range(2, order)
        }

    def add(self, found: SortedRange) -> None:
        """Append the n-grams of a range, which come after all those that are there."""
        before = dict(self.lengths)
        for n, sections in found.sections.items():
            columns = self.columns[n]
            for each in sections:
                contexts = each.contexts.long()
                if n > 2:
                    contexts += before[n - 1]
                columns.keys.append(keys_of(contexts, each.words))
                columns.counts.append(each.counts)
                columns.behind.append(each.first + 1)
                if each.places:
                    self.begins[n][each.places.places.long()] = each.places.ids + before[n]
            self.lengths[n] += found.lengths[n]

    def finish(self, unigrams: Tensor) -> list[DeviceCounts]:
        """The tables of all orders. `unigrams` int64 [words + 1]: the counts of words, and last of `<s>`."""
        starts = words = len(unigrams) - 1
        unigrams[words] = 0
        every_word = torch.arange(words + 1, device=unigrams.device)
        tables = [DeviceCounts(every_word, unigrams, torch.zeros_like(every_word), words, words, 1)]
        for n in list(self.columns):
            columns = self.columns.pop(n)
            keys, counts, behind = (
                _joined(pieces, kind, self.text)
                for pieces, kind in (
                    (columns.keys, torch.int64),
                    (columns.counts, torch.int32),
                    (columns.behind, torch.int32),
                )
            )
            suffix = self.begins.pop(n - 1)[behind.long()] if n > 2 else words_of(keys).int()
            starts = int(torch.searchsorted(keys, starts << _WORD_BITS))
            tables.append(DeviceCounts(keys, counts, suffix, starts, words, len(tables[-1])))
        return tables


def _joined(pieces: list[Tensor], kind: torch.dtype, like: Tensor) -> Tensor:
    """All elements, and no longer the pieces."""
    whole = torch.cat(pieces) if pieces else torch.empty(0, dtype=kind, device=like.device)
    pieces.clear()
    return whole
