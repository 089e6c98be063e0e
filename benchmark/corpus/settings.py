"""The settings of a `conf/corpus/*.yaml`, checked with errors that name the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from benchmark.corpus.checked_settings import checked
from benchmark.corpus.marks import Marks, Tokens
from benchmark.corpus.source_settings import (
    STRICT,
    CitedResult,
    DocumentSettings,
    Share,
    check_documents,
    check_train_share,
)
from benchmark.errors import UserError

#: Tokens that are folded to lower case if a corpus leaves that open.
FOLDED = ("words", "whitespace")


@dataclass(frozen=True, kw_only=True)
class VocabularySettings:
    """Which words of the training split are kept, and what happens to the others."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    size: int | None = None
    min_count: int = 1
    unknown: Literal["map", "error"] = "map"


@dataclass(frozen=True, kw_only=True)
class ExpectSettings:
    """Known counts, checked when a corpus is opened: targets of each split, words, and lines or sentences."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    train: int | None = None
    valid: int | None = None
    test: int | None = None
    vocabulary: int | None = None
    sentences: int | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedSettings(CitedResult):
    """A published perplexity. `protocol` names the events that it was measured on."""

    #: On the test split.
    perplexity: float | None = None
    bits_per_character: float | None = None
    valid_perplexity: float | None = None


@dataclass(frozen=True, kw_only=True)
class CorpusSettings(DocumentSettings):
    """A corpus: documents, how they are split, tokenised and counted (of `train_share`, see
    `benchmark.corpus.train_share`)."""

    split: list[Share] | None = None
    split_unit: Literal["documents", "lines", "words", "characters"] = "lines"
    split_order: Literal["position", "interleaved"] = "position"
    tokens: Tokens = "whitespace"
    #: What ends a paragraph. With `tokens: words`, no sentence goes beyond its paragraph.
    paragraph: Literal["line", "blank_line"] = "line"
    #: null in a file: as `FOLDED` says.
    lowercase: bool = False
    #: What becomes of `<s>`, `</s>` and `<unk>` in the text (see `benchmark.corpus.marks`).
    marks: Marks = "refuse"
    end_of_line: bool = True
    #: A regular expression of lines that begin a document within a file (see `document_offsets`).
    heading: str | None = None
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    expect: ExpectSettings | None = None
    published: list[PublishedSettings] = field(default_factory=list)


def corpus_settings(options: Mapping[str, Any]) -> CorpusSettings:
    """The checked settings. Raises UserError: one line that names the key and what to do."""
    if options.get("lowercase", False) is None:
        options = {**options, "lowercase": options.get("tokens", "whitespace") in FOLDED}
    settings = checked(CorpusSettings, options)
    _check_together(settings)
    return settings


def _check_together(settings: CorpusSettings) -> None:
    vocabulary = settings.vocabulary
    check_documents(settings)
    if vocabulary.min_count < 1:
        raise UserError(f"corpus.vocabulary.min_count={vocabulary.min_count} is not usable: give 1 or more")
    if vocabulary.size is not None and vocabulary.size < 1:
        raise UserError(f"corpus.vocabulary.size={vocabulary.size} is not usable: give 1 or more, or null")
    if settings.tokens in ("bytes", "bpe"):
        _check_open(settings)
    elif vocabulary.unknown == "error" and (vocabulary.size is not None or vocabulary.min_count > 1):
        raise UserError(
            "corpus.vocabulary.unknown=error leaves no word out: "
            "drop corpus.vocabulary.size and min_count, or use unknown=map"
        )
    if settings.marks == "text" and settings.tokens == "whitespace":
        raise UserError(
            "corpus.marks=text is not usable with tokens=whitespace, where a word </s> would be the end of a "
            "line: take corpus.marks=read, or rename the word in the text"
        )
    check_train_share(settings.train_share)
    _check_heading(settings)
    _check_parts(settings)


def _check_heading(settings: CorpusSettings) -> None:
    """With `tokens: words`, a line of the corpus is a sentence, not a line of the file."""
    if settings.heading is None:
        return
    try:
        re.compile(settings.heading)
    except re.error as error:
        raise UserError(
            f"corpus.heading={settings.heading!r} is not a regular expression: {error}"
        ) from error
    if settings.tokens == "words":
        raise UserError(
            "corpus.heading finds no lines with corpus.tokens=words, which makes sentences of them: "
            "put every document into a file of its own, or set corpus.heading=null"
        )


def _check_open(settings: CorpusSettings) -> None:
    """Of tokens made of bytes, none is unknown; a byte-pair encoding has to know how many to make."""
    size = settings.vocabulary.size
    if settings.tokens == "bpe" and (size is None or size < 256):
        raise UserError(
            f"corpus.vocabulary.size={'null' if size is None else size} is not usable: with tokens=bpe it is "
            "the number of subwords, and 256 are there before any pair is merged; give more, such as 2000"
        )


def _check_parts(settings: CorpusSettings) -> None:
    missing = settings.missing
    if not missing:
        if settings.text:
            raise UserError("corpus.text has nothing to give: train, valid and test are all named")
        return
    if not settings.text:
        raise UserError(
            f"corpus.{missing[0]} is missing: name files for train, valid and test "
            "(corpus.train=… corpus.valid=… corpus.test=…), or one text to split (corpus.text=…)"
        )
    if missing[0] != "train":
        raise UserError("corpus.text gives the training split first: leave corpus.train out")
    if settings.split is None or len(settings.split) != len(missing):
        raise UserError(
            f"corpus.split={settings.split} is not usable: corpus.text is to give {', '.join(missing)}, "
            f"so it takes {len(missing)} shares, as in [{'0.8,0.1,0.1' if len(missing) == 3 else '0.9,0.1'}]"
        )
