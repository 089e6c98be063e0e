"""Encoding a corpus: its splits become ids in files that can be memory-mapped.

For each split, a folder holds the ids, such as `train.ids.npy` (uint16 or uint32 [targets]), and the
offsets of its lines, `train.lines.npy` (int64 [lines + 1]). A corpus with tags has those of its tokens,
`train.tags.npy` (uint8 [targets]). A split of several documents has their offsets, `train.documents.npy`
(int64 [documents + 1]). `valid.copied.npy` and `test.copied.npy` (bool [targets]) say what is copied from the
training text. Beside them are `vocabulary.json` and `meta.json`, which has counts and a checksum of every
file. Text is read once, a piece at a time; memory grows with the number of types and lines, not with the
length of the text. Tags are an exception: tagged texts are small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np

from benchmark.corpus import byte_pairs
from benchmark.corpus.build_vocabulary import NO_ID, build_vocabulary
from benchmark.corpus.byte_numbering import BytePairTokens, ByteTokens
from benchmark.corpus.coded_text import TextMeter
from benchmark.corpus.document import Span, pieces, whole_spans
from benchmark.corpus.document_offsets import document_offsets
from benchmark.corpus.error_messages import empty_part, unseen_token
from benchmark.corpus.fetch import Say
from benchmark.corpus.marks import MarkRule
from benchmark.corpus.overlap import Overlap, copied_documents, copied_targets, long_lines
from benchmark.corpus.settings import CorpusSettings, VocabularySettings
from benchmark.corpus.tags import tags_of_tokens
from benchmark.corpus.token_numbering import (
    CharacterTokens,
    TextCounter,
    TokenNumberer,
    WordTokens,
    lowercased,
)
from benchmark.corpus.tokeniser import ENCODING, Tokeniser
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.corpus.word_numbering import MULTIPLIERS, HashCollision

PARTS = ("train", "valid", "test")
#: Part of the identity of every encoding: raise it when an edit gives the same text other ids.
VERSION = 1
#: Part of no identity: raise it when an edit changes what is kept beside the ids, to have caches made anew.
ADDITIONS = 5
#: Tokens handled at a time when ids replace type numbers.
BATCH = 1 << 20
#: The vocabulary of tokens that can write any text.
ALL_TYPES = VocabularySettings(size=None, min_count=0, unknown="error")

Parts = dict[str, list[Span]]


@dataclass(frozen=True)
class EncodedSplit:
    """What is known about a split once it is encoded."""

    targets: int
    lines: int
    text: str  # SHA-256 of the text before tokenisation; of the test split only
    characters: int = 0  # these three as in CodedText
    bytes: int = 0
    spelling_bits: float | None = None
    overlap: Overlap | None = None  # None of the training split


def encode(
    settings: CorpusSettings, parts: Parts, folder: Path, say: Say
) -> tuple[Vocabulary, dict[str, EncodedSplit]]:
    """Write the arrays of every split to an empty folder.

    Raises UserError for text that is not UTF-8, for a mark that `settings.marks` refuses, for an empty split,
    and, with `unknown: error`, for a token that is not in the vocabulary.
    """
    texts = _Texts(settings, parts, say)
    if settings.tokens not in ("words", "whitespace"):
        return _encode(texts, folder, _other_numberer(texts, folder))
    for multiplier in MULTIPLIERS[:-1]:
        try:
            return _encode(texts, folder, WordTokens(settings.end_of_line, multiplier))
        except HashCollision:
            say("two words have one hash; hashing again")
    return _encode(texts, folder, WordTokens(settings.end_of_line, MULTIPLIERS[-1]))


def _other_numberer(texts: _Texts, folder: Path) -> TokenNumberer:
    """The numberer of tokens that are not words. The encoding by byte pairs is kept in the folder."""
    settings = texts.settings
    if settings.tokens == "characters":
        return CharacterTokens(settings.end_of_line)
    if settings.tokens == "bytes":
        return ByteTokens(settings.end_of_line)
    size = int(settings.vocabulary.size or 0) - settings.end_of_line
    texts.say("learning subwords (byte-pair encoding, on the training split)")
    training = texts.tokenised("train", TextCounter(hashing=False))
    encoding = byte_pairs.train(training, size, settings.vocabulary.min_count, lines=settings.end_of_line)
    (folder / ENCODING).write_text(encoding, encoding="utf-8")
    return BytePairTokens(settings.end_of_line, encoding)


def _encode(
    texts: _Texts, folder: Path, numberer: TokenNumberer
) -> tuple[Vocabulary, dict[str, EncodedSplit]]:
    splits, counts, line_ends = {}, {}, {}
    for part in PARTS:
        splits[part], counts[part], line_ends[part] = _number(texts, part, numberer, folder)
    types = numberer.types()
    in_train = np.zeros(len(types), dtype=np.int64)
    in_train[: len(counts["train"])] = counts["train"]
    kept = ALL_TYPES if numberer.open else texts.settings.vocabulary
    vocabulary, ids = build_vocabulary(types, in_train, kept)
    meter = TextMeter(types, numberer.sizes(types), in_train, ids, vocabulary)
    overlaps = _keep_overlaps(texts, numberer, types, line_ends, folder)
    for part in PARTS:
        unplaced = np.flatnonzero((ids[: len(counts[part])] == NO_ID) & (counts[part] > 0))
        if len(unplaced):
            raise unseen_token({types[number] for number in unplaced}, part, texts.lines_of(part))
        _keep_tags(texts, part, numberer, types, folder)
        _number_to_id(folder, part, splits[part].targets, ids, len(vocabulary))
        lines = np.load(folder / f"{part}.lines.npy", allow_pickle=False)
        text = meter.measure(counts[part], numberer.separators(lines))
        splits[part] = replace(splits[part], **asdict(text), overlap=overlaps.get(part))
    return vocabulary, splits


class _Texts:
    """The text of every split, prepared for tokenisation."""

    def __init__(self, settings: CorpusSettings, parts: Parts, say: Say) -> None:
        self.settings, self.parts = settings, parts
        self.say = say
        self._rule = MarkRule(settings.tokens, settings.lowercase, settings.marks)
        self._punkt: object = None

    def tokenised(self, part: str, counter: TextCounter) -> Iterator[bytes]:
        """The split's text with its tokens separated; `counter` counts the text as it was before."""
        spans = self.parts[part]
        if self.settings.tokens == "words":
            made = self._sentences(spans, counter)
        else:
            made = counter.through(pieces(spans, counter.newlines, self._rule))
        return lowercased(made) if self.settings.lowercase else made

    def _sentences(self, spans: Sequence[Span], counter: TextCounter) -> Iterator[bytes]:
        from benchmark.corpus.nltk_words import sentence_lines, train_punkt

        kind = self.settings.paragraph
        if self._punkt is None:
            self.say("learning where sentences end (NLTK Punkt, on the training split)")
            training = whole_spans(self.parts["train"], self._rule)
            self._punkt = train_punkt((text.decode() for text in training), kind)
            self.say("splitting into sentences and words")
        texts = (text.decode() for text in counter.through(whole_spans(spans, self._rule)))
        for lines in sentence_lines(texts, kind, self._punkt, self._rule.with_unknown):  # those of a span
            counter.newlines.append(lines.count(b"\n"))
            yield lines

    def lines_of(self, part: str) -> Iterator[tuple[str, int, list[str]]]:
        """Every line of a split as document, line number and tokens, for finding a token again."""
        tokeniser = Tokeniser(self.settings.tokens, self.settings.lowercase, False, marks=self.settings.marks)
        for span in self.parts[part]:
            before = b"".join(pieces([Span(span.document, 0, span.start)])).count(b"\n") if span.start else 0
            for text in whole_spans([span], self._rule):
                for number, line in enumerate(text.split(b"\n"), start=before + 1):
                    yield span.document.name, number, tokeniser.tokenise(line.decode() + "\n")


def _number(
    texts: _Texts, part: str, numberer: TokenNumberer, folder: Path
) -> tuple[EncodedSplit, np.ndarray, np.ndarray]:
    """Write the type numbers of a split to a raw file, its lines and its documents; also return the count of
    each type, and the offsets at which lines of the text end."""
    counter = TextCounter(hashing=part == "test")
    targets = 0
    ends: list[np.ndarray] = []
    with _numbers_file(folder, part).open("wb") as file:
        for batch in numberer.split(texts.tokenised(part, counter)):
            batch.numbers.tofile(file)
            ends.append(batch.line_ends + targets)
            targets += len(batch.numbers)
    if not targets or not counter.characters:
        raise empty_part(part, texts.parts[part])
    line_ends = np.concatenate([*ends, [targets]]).astype(np.int64)
    stops = line_ends[:-1] if numberer.end_of_line else line_ends[-1:]
    lines = np.concatenate([[0], stops])
    np.save(folder / f"{part}.lines.npy", lines, allow_pickle=False)
    documents = document_offsets(texts.parts[part], counter.newlines, line_ends, texts.settings.heading)
    if documents is not None:
        np.save(folder / f"{part}.documents.npy", documents, allow_pickle=False)
    return EncodedSplit(targets, len(lines) - 1, counter.digest), _counts(folder, part), line_ends


def _counts(folder: Path, part: str) -> np.ndarray:
    """How often every type occurs in a split: int64, up to the last type that occurs."""
    counts = np.zeros(0, dtype=np.int64)
    with _numbers_file(folder, part).open("rb") as numbers:
        while len(batch := np.fromfile(numbers, dtype=np.int32, count=BATCH)):
            seen = np.bincount(batch, minlength=len(counts))
            seen[: len(counts)] += counts
            counts = seen
    return counts


def _keep_tags(texts: _Texts, part: str, numberer: TokenNumberer, types: list[str], folder: Path) -> None:
    """Write the tags of a split's tokens, if it has any; its type numbers are still there."""
    spans = texts.parts[part]
    if spans[0].document.tags() is None:
        return
    numbers = np.fromfile(_numbers_file(folder, part), dtype=np.int32)
    spelt, lowercase = numberer.spelt(types), texts.settings.lowercase
    tags = tags_of_tokens(spans, lowercase, spelt, numbers, numberer.end_of_line)
    if tags is None:
        texts.say(f"the tags of {spans[0].document.name} and others do not fit the tokens: left out")
    else:
        np.save(folder / f"{part}.tags.npy", tags, allow_pickle=False)


def _keep_overlaps(
    texts: _Texts, numberer: TokenNumberer, types: list[str], line_ends: dict[str, np.ndarray], folder: Path
) -> dict[str, Overlap]:
    """Write which targets of the validation and the test split are copied, from the type numbers."""
    spelt = [] if numberer.spaced else numberer.spelt(types)
    words = np.array([data.count(b" ") for data in spelt]) if spelt else np.ones(len(types), dtype=np.int64)
    if numberer.spaced and numberer.end_of_line:
        words[0] = 0
    found = {}
    for part in PARTS:
        numbers = np.memmap(_numbers_file(folder, part), dtype=np.int32, mode="r")
        found[part] = long_lines(numbers, line_ends[part], words, between=not numberer.spaced)
    overlaps = {}
    for part in PARTS[1:]:
        targets = int(line_ends[part][-1])
        copied, lines = copied_targets(found[part], found["train"], targets)
        np.save(folder / f"{part}.copied.npy", copied, allow_pickle=False)
        documents = copied_documents(texts.parts[part], texts.parts["train"])
        overlaps[part] = Overlap(len(found[part].hashes), lines, float(copied.mean()), *documents)
    return overlaps


def _numbers_file(folder: Path, part: str) -> Path:
    return folder / f"{part}.numbers"


def _number_to_id(folder: Path, part: str, targets: int, ids: np.ndarray, vocabulary_size: int) -> None:
    """Convert a split's file of type numbers to its file of ids."""
    dtype = np.uint16 if vocabulary_size <= 1 << 16 else np.uint32
    ids = np.maximum(ids, 0).astype(dtype)
    numbers_file = _numbers_file(folder, part)
    with numbers_file.open("rb") as numbers, (folder / f"{part}.ids.npy").open("wb") as file:
        _write_header(file, targets, np.dtype(dtype))
        while len(batch := np.fromfile(numbers, dtype=np.int32, count=BATCH)):
            ids[batch].tofile(file)
    numbers_file.unlink()


def _write_header(file: IO[bytes], length: int, dtype: np.dtype) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (length,)}
    np.lib.format.write_array_header_1_0(file, header)
    file.flush()
