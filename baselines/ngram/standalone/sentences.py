"""Sentences from a file, a pipe or any iterable, as ids of words.

Input: text with a sentence on each line and words between spaces; or strings or lists of words, one for each
sentence, which are read once and may be more than memory holds.

Output: a `Text`, which becomes a `TokenStream`, or the sequence that counting reads.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, cast

import numpy as np

from baselines.ngram.counting.text import numbered_sequence, type_numbers
from baselines.ngram.counting.words import WordNumberer, word_numberer
from baselines.ngram.loops.load import loops_for
from baselines.ngram.sorting import files
from baselines.ngram.sorting.storage import LimitedColumn, text_in_memory
from baselines.ngram.sorting.threads import thread_count, thread_pool
from benchmark.corpus.document import FileDocument
from benchmark.corpus.marks import END, START, UNKNOWN, MarkRule
from benchmark.corpus.stream import TokenStream
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.corpus.word_numbering import MULTIPLIERS, HashCollision
from benchmark.errors import UserError

#: One sentence: its words between spaces, or one by one.
Sentence = str | Sequence[str]
#: A file of sentences (`-` is standard input; .gz, .bz2 and .xz are unpacked), or sentences.
Source = str | Path | Iterable[Sentence]
#: What becomes of `<s>` and `</s>` in a text.
LineMarks = Literal["refuse", "read"]

_SEPARATORS = frozenset("\t\n\v\f\r ")
_LINES = 1 << 12  # sentences joined at a time
_UNPACKED: dict[str, Callable[[IO[bytes]], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def training_text(source: Source, rule: MarkRule) -> Text:
    """The sentences to learn from. `rule` says what becomes of marks in the text.

    Raises UserError for a source that cannot be read or is empty.
    """
    text = _numbered(source, rule)
    if not text.numbers.length:
        raise UserError(f"{text.name}: there are no sentences to learn from")
    return text


def scoring_stream(source: Source, rule: MarkRule, vocabulary: Vocabulary) -> TokenStream:
    """The sentences over a vocabulary that has `<unk>`. Raises UserError for a source that cannot be read."""
    return _numbered(source, rule).stream(vocabulary)


def mark_rule(marks: LineMarks) -> MarkRule:
    """The rule for the marks in a text. Raises UserError for another name."""
    if marks not in ("refuse", "read"):
        raise UserError(f"marks={marks!r} is not usable: give 'refuse' or 'read'")
    return MarkRule("whitespace", marks=marks, setting="marks")


def words_of(sentence: Sentence) -> list[str]:
    """The words of a sentence. Raises UserError for a word that a text could not hold."""
    if isinstance(sentence, str):
        try:
            return [word.decode() for word in sentence.encode().split()]  # as in a text: at ASCII white space
        except UnicodeEncodeError as error:
            raise _half_a_character(error) from None
    if isinstance(sentence, bytes) or not isinstance(sentence, Iterable):
        raise UserError(f"{sentence!r:.40} is no sentence: give text, or a list of words")
    words = list(sentence)
    _check_words(words)
    return words


def _half_a_character(error: UnicodeEncodeError) -> UserError:
    """A lone surrogate, which Python's strings can hold and no text can."""
    return UserError(f"it has half a character, U+{ord(error.object[error.start]):04X}: leave it out")


def _check_words(words: Iterable[str]) -> None:
    for word in words:
        if not isinstance(word, str):
            raise UserError(f"{word!r} is no word: give text")
        if not word or not _SEPARATORS.isdisjoint(word):
            raise UserError(f"{word!r} is no word: it is empty or has white space in it")
        if not word.isascii():
            try:
                word.encode()
            except UnicodeEncodeError as error:
                raise UserError(f"{word!r} is no word: {_half_a_character(error)}") from None


@dataclass(frozen=True)
class Text:
    """A text as numbers of its types; type 0 is `</s>`.

    `numbers` can be read once, by `stream` or `sequence`; `words` made them. `counts` int64 [types].
    """

    name: str
    numbers: LimitedColumn
    words: WordNumberer
    types: list[str]
    counts: np.ndarray

    def vocabulary(self, words: Sequence[str] | None = None) -> Vocabulary:
        """Its words, `</s>` and `<unk>`, most frequent first; or `words` instead of its own, but for `<s>`.

        Raises UserError for a word that a text could not hold.
        """
        occurrences = dict(zip(self.types, self.counts.tolist(), strict=True))
        counts = occurrences
        if words is not None:
            _check_words(words)
            counts = {END: 0, UNKNOWN: 0, **dict.fromkeys(words, 0)}
            counts.pop(START, None)
            for word, count in occurrences.items():
                counts[word if word in counts else UNKNOWN] += count
        counts.setdefault(UNKNOWN, 0)
        ranked = sorted(counts, key=counts.__getitem__, reverse=True)
        return Vocabulary(tuple(ranked), np.array([counts[word] for word in ranked], dtype=np.int64))

    def ids(self, vocabulary: Vocabulary) -> np.ndarray:
        """The id of each type in a vocabulary with `<unk>` and `</s>`: int32 [types]."""
        unknown = vocabulary.ids[UNKNOWN]
        ids = np.array([vocabulary.ids.get(word, unknown) for word in self.types], dtype=np.int32)
        ids[0] = vocabulary.ids[END]
        return ids

    def stream(self, vocabulary: Vocabulary) -> TokenStream:
        """It as ids of a vocabulary, in a mapped file if it is long."""
        by_type, length = self.ids(vocabulary).astype(np.uint32), self.numbers.length
        in_file = length > text_in_memory() // 4  # counting makes a sequence of it, and holds that, too
        ids = files.new_array(length, np.uint32) if in_file else np.empty(length, np.uint32)
        done, ends = 0, [np.zeros(1, dtype=np.int64)]
        for block in self.numbers.drain():
            part = ids[done : done + len(block)]
            by_type.take(block, out=part, mode="clip")
            ends.append(np.flatnonzero(part == vocabulary.end) + done + 1)
            done += len(block)
            files.forget(ids)
        return TokenStream(ids, np.concatenate(ends), vocabulary)

    def sequence(self, vocabulary: Vocabulary) -> np.ndarray:
        """It as a sequence that `count_ngrams` takes, in a mapped file if it is long: int32."""
        with thread_pool(thread_count()) as pool:
            ids = self.ids(vocabulary)
            sentences, start = int(self.counts[0]), len(vocabulary)
            return numbered_sequence(self.numbers, sentences, ids, start, self.words, pool)


def _numbered(source: Source, rule: MarkRule) -> Text:
    document = _text(source)
    loops = loops_for(document.size)
    for multiplier in MULTIPLIERS:
        words = word_numberer(loops, multiplier)
        try:
            with thread_pool(thread_count()) as pool:
                numbers, counts = type_numbers(document, words, pool, rule, text_in_memory())
            return Text(document.name, numbers, words, words.types(), counts)
        except HashCollision:  # two words have the same hash: hash again
            if not document.again:
                problem = "would have to be read again: give a file or a list"
                raise UserError(f"{document.name} {problem}") from None
    raise HashCollision


@dataclass(frozen=True)
class _Text:
    """A document. `again`: whether it can be read more than once. `size`: its bytes, if they are known."""

    name: str
    opened: Callable[[], IO[bytes]]
    again: bool
    size: int | None = None

    def open(self) -> IO[bytes]:
        return self.opened()

    def digest(self) -> str:
        raise NotImplementedError("only a corpus of the harness is identified by its text")

    def tags(self) -> None:
        """The words of a text have no known tags."""


def _text(source: Source) -> _Text:
    if isinstance(source, str | Path):
        return _file(str(source))
    if isinstance(source, bytes) or not isinstance(source, Iterable):
        raise UserError(f"{source!r:.40} is no text: give the path of one, or a list of sentences")
    return _Text(
        "the sentences",
        lambda: cast("IO[bytes]", _Joined(iter(source))),
        again=not isinstance(source, Iterator),
    )


def _file(name: str) -> _Text:
    if name == "-":
        return _Text("standard input", lambda: cast("IO[bytes]", _Standard()), again=False)
    if not os.path.exists(name):
        shown = name if name.isprintable() and len(name) < 200 else f"{name[:40]!r}…"
        raise UserError(f"cannot read {shown or repr(name)}: there is no such file (a list holds sentences)")
    is_file = os.path.isfile(name)
    return _Text(name, lambda: _opened(Path(name)), is_file, os.path.getsize(name) if is_file else None)


def _opened(path: Path) -> IO[bytes]:
    file = FileDocument(path).open()
    unpack = _UNPACKED.get(path.suffix)
    return cast("IO[bytes]", _Unpacked(unpack(file))) if unpack else file


class _Unpacked(io.RawIOBase):
    """The content of a packed file. Its faults are OSErrors, as those of other files are."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except (EOFError, lzma.LZMAError, zlib.error) as error:
            raise OSError(f"it is damaged or cut short ({error})") from error

    def close(self) -> None:
        self._file.close()
        super().close()


class _Standard(io.RawIOBase):
    """Standard input, which stays open."""

    def read(self, size: int = -1) -> bytes:
        if sys.stdin is None:
            raise OSError("it is closed")
        return sys.stdin.buffer.read(size)


class _Joined(io.RawIOBase):
    """Sentences joined to lines while they are read."""

    def __init__(self, sentences: Iterator[Sentence]) -> None:
        self._sentences, self._number = sentences, 0

    def read(self, size: int = -1) -> bytes:
        """The next lines, whatever `size` is; nothing at the end."""
        lines = []
        for sentence in islice(self._sentences, _LINES):
            self._number += 1
            lines.append(self._line(sentence))
        return b"".join(lines)

    def _line(self, sentence: Sentence) -> bytes:
        try:
            line = sentence if isinstance(sentence, str) else " ".join(words_of(sentence))
            line = line.removesuffix("\n")  # as the lines of an open file have it
            if "\n" in line:
                raise UserError("it has a line break in it: give one sentence at a time")
            return line.encode() + b"\n"
        except UserError as error:
            raise UserError(f"sentence {self._number:,}: {error}") from None
        except UnicodeEncodeError as error:
            raise UserError(f"sentence {self._number:,}: {_half_a_character(error)}") from None
