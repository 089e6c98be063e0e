"""A plain text as the sequence that counting reads: a sentence on each line, words separated by spaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.ngram.counting.words import WordNumberer, word_numberer
from baselines.ngram.loops.load import loops_for
from baselines.ngram.sorting import files
from baselines.ngram.sorting.storage import LimitedColumn, memory_budget, text_in_memory
from baselines.ngram.sorting.threads import Pool, in_order, thread_pool
from benchmark.corpus.document import Document, FileDocument, Span, pieces
from benchmark.corpus.marks import UNKNOWN, MarkRule
from benchmark.corpus.word_numbering import MULTIPLIERS, HashCollision
from benchmark.errors import UserError

#: Marks between words are refused.
REFUSED = MarkRule("whitespace")
#: The name of standard input, as other programs have it.
_STANDARD_INPUT = Path("-")
_BLOCK = 1 << 20  # tokens
_TYPE_BYTES, _BUFFERS = 200, 64 << 20  # memory for the vocabulary: an upper bound, beyond what buffers take
_END_NUMBER = 0  # the type number of `</s>`


@dataclass
class EncodedTexts:
    """A training and a test text as ids of the words of the training text, `</s>` and `<unk>`.

    Ids are by falling frequency in training. `train` and `test` int32 [tokens] have `<s>` (the id `words`)
    before every sentence and at the end. `unknown` is the id of `<unk>`. Large texts are mapped files.
    """

    train: np.ndarray
    test: np.ndarray
    words: int
    unknown: int

    def tokens(self) -> int:
        """The targets of the training text."""
        starts = 0
        for begin in range(0, len(self.train), _BLOCK):
            starts += int(np.count_nonzero(self.train[begin : begin + _BLOCK] == self.words))
            files.forget(self.train)
        return len(self.train) - starts

    def release_train(self) -> np.ndarray:
        """The training text, which is held here no longer."""
        train, self.train = self.train, np.empty(0, dtype=np.int32)
        return train


def encode_texts(
    train: Path, test: Path, threads: int, rule: MarkRule = REFUSED, memory: int | None = None
) -> EncodedTexts:
    """Read both texts, each once, from files or pipes; `-` is standard input. `rule` is that for their marks.

    `memory`: how many bytes the texts may take (default: see `memory_budget`). Raises UserError: a text that
    is missing, empty, not UTF-8, or holds a mark that the rule refuses.
    """
    train, test = (Path("/dev/stdin") if path == _STANDARD_INPUT else path for path in (train, test))
    if _is_stream(train) and test.exists() and train.samefile(test):
        raise UserError(f"{train} cannot be both texts: a pipe is read only once; save it as a file")
    memory = memory or memory_budget()
    loops = loops_for(train.stat().st_size if train.is_file() else None)
    for multiplier in MULTIPLIERS[:-1]:
        try:
            return _encode(train, test, threads, word_numberer(loops, multiplier), rule, memory)
        except HashCollision:  # two words have the same hash: hash again
            for path in (train, test):
                if _is_stream(path):
                    raise UserError(f"{path} would have to be read again: save it as a file") from None
    return _encode(train, test, threads, word_numberer(loops, MULTIPLIERS[-1]), rule, memory)


def _is_stream(path: Path) -> bool:
    """Whether a path leads to something that can be read only once."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _encode(
    train: Path, test: Path, threads: int, words: WordNumberer, rule: MarkRule, memory: int
) -> EncodedTexts:
    most = text_in_memory(memory)
    with thread_pool(threads) as pool:
        numbers, counts = type_numbers(FileDocument(train), words, pool, rule, most)
        _check_room(train, len(counts), memory)
        ids = _ids_by_frequency(counts, words.find(UNKNOWN))
        _check_not_empty(train, numbers)
        test_numbers, test_counts = type_numbers(FileDocument(test), words, pool, rule, most)
        _check_not_empty(test, test_numbers)
        start = len(ids) - 1
        train_sequence, test_sequence = (
            numbered_sequence(some, int(seen[_END_NUMBER]), ids, start, words, pool)
            for some, seen in ((numbers, counts), (test_numbers, test_counts))
        )
        return EncodedTexts(train_sequence, test_sequence, start, int(ids[-1]))


def _check_not_empty(path: Path, numbers: LimitedColumn) -> None:
    if not numbers.length:
        raise UserError(f"{path} is empty: give a text with a sentence on each line")


def type_numbers(
    document: Document, words: WordNumberer, pool: Pool, rule: MarkRule, most: int
) -> tuple[LimitedColumn, np.ndarray]:
    """Type numbers of a text, up to `most` of them in memory, and how often each type occurs: int64 [types].

    Type 0 is `</s>`. Raises UserError for a text that cannot be read.
    """
    numbers = LimitedColumn(most)
    for some in words.numbers(pieces([Span(document)], rule=rule), pool.map):
        numbers.append(some)
    return numbers, words.counts()


def _check_room(path: Path, types: int, memory: int) -> None:
    """Raises UserError if `memory` bytes do not hold the vocabulary."""
    least = types * _TYPE_BYTES - _BUFFERS
    if memory < least:
        raise UserError(
            f"the {types:,} different words of {path} take more memory than allowed: give at least "
            f"{(least >> 20) + 1}M by --memory or NEXTWORD_MEMORY"
        )


def _ids_by_frequency(counts: np.ndarray, unknown: int | None) -> np.ndarray:
    """The id of each type, by falling count, and last that of every other word: the id of `<unk>`."""
    if unknown is None:
        unknown, counts = len(counts), np.append(counts, 0)
    ids = np.empty(len(counts), dtype=np.int32)
    ids[np.argsort(-counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
    return np.append(ids, ids[unknown])


def numbered_sequence(
    numbers: LimitedColumn,
    sentences: int,
    ids: np.ndarray,
    start: int,
    words: WordNumberer,
    pool: Pool,
) -> np.ndarray:
    """The ids of a text with `start`, that of `<s>`, before every sentence and at the end: int32.

    `ids` int32 has that of each type, and last that of any other. `words` are those that numbered the text.
    """
    length = numbers.length + sentences + 1
    sequence = files.new_array(length) if length > numbers.most else np.empty(length, dtype=np.int32)
    sequence[0] = start

    def fill(place: tuple[int, np.ndarray]) -> None:
        begin, some = place
        words.put_ids(some, ids, start, sequence[begin:])

    def places() -> Iterator[tuple[int, np.ndarray]]:
        begin = 1
        for block in numbers.drain():
            for offset in range(0, len(block), _BLOCK):
                some = block[offset : offset + _BLOCK]
                yield begin, some
                begin += len(some) + int(np.count_nonzero(some == _END_NUMBER))

    for _ in in_order(pool, fill, places(), ahead=4):
        files.forget(sequence)
    return sequence
