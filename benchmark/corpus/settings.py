"""The settings of a `conf/corpus/*.yaml`, checked with errors that name the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeVar, get_args, get_origin, get_type_hints

from benchmark.console.quoting import text_wanted
from benchmark.corpus.marks import Marks, Tokens
from benchmark.corpus.planted import PlantedSettings
from benchmark.errors import UserError, did_you_mean
from benchmark.storage.files import check_inside

#: A file or document name, a pattern with * and ?, or several of them.
Names = str | list[str]
Share = int | float | None

#: Tokens that are folded to lower case if a corpus leaves that open.
FOLDED = ("words", "whitespace")

_STRICT = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """Where the documents come from.

    `files` are text files; `archive` means members of a zip or tar file; `nltk` is an NLTK corpus, read by
    NLTK's reader; `package` means files that an installed Python package contains; `huggingface` means splits
    of a dataset of the Hugging Face Hub; `planted` means texts made by a rule (`benchmark.corpus.planted`).
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    kind: Literal["files", "archive", "nltk", "package", "huggingface", "planted"] = "files"
    #: The archive's file name, NLTK's name for the corpus, or the name of the package or of the dataset.
    name: str | None = None
    #: Folder below the corpora folder, or inside the package; without it, names are paths.
    folder: str | None = None
    #: Folder inside the archive that holds the members.
    inside: str | None = None
    #: The publisher's address of the archive, or of the folder that the files are in.
    url: str | None = None
    #: By file name: "sha256:…", "sha1:…" or "md5:…".
    checksums: dict[str, str] = field(default_factory=dict)
    #: How to get it if it cannot be downloaded.
    hint: str | None = None
    #: The dataset's configuration, its column of text (null: `text`), and its revision (null: `main`).
    configuration: str | None = None
    column: str | None = None
    revision: str | None = None
    #: The rule of a planted text.
    planted: PlantedSettings | None = None


@dataclass(frozen=True, kw_only=True)
class VocabularySettings:
    """Which words of the training split are kept, and what happens to the others."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    size: int | None = None
    min_count: int = 1
    unknown: Literal["map", "error"] = "map"


@dataclass(frozen=True, kw_only=True)
class ExpectSettings:
    """Known counts, checked when a corpus is opened: targets of each split, words, and lines or sentences."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    train: int | None = None
    valid: int | None = None
    test: int | None = None
    vocabulary: int | None = None
    sentences: int | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedSettings:
    """A result from the literature, with its source and the events it was measured on."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    model: str
    source: str
    protocol: str
    #: On the test split.
    perplexity: float | None = None
    bits_per_character: float | None = None
    valid_perplexity: float | None = None


@dataclass(frozen=True, kw_only=True)
class CorpusSettings:
    """A corpus: documents, how they are split, tokenised and counted."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    name: str
    title: str = ""
    licence: str = ""
    source: SourceSettings = field(default_factory=SourceSettings)
    train: Names | None = None
    valid: Names | None = None
    test: Names | None = None
    #: Documents to split, for those splits that are not named above.
    text: Names | None = None
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
    #: How much of the training split to train on (see `benchmark.corpus.train_share`); by default all of it.
    train_share: Share = None
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    expect: ExpectSettings | None = None
    published: list[PublishedSettings] = field(default_factory=list)


class NamesDocuments(Protocol):
    """Settings that say where a corpus's documents come from and which they are."""

    @property
    def source(self) -> SourceSettings:
        """Where they come from."""

    @property
    def train(self) -> Names | None:
        """Those of the training split; likewise of the others, and `text` for those that are to be split."""

    @property
    def valid(self) -> Names | None: ...

    @property
    def test(self) -> Names | None: ...

    @property
    def text(self) -> Names | None: ...


def corpus_settings(options: Mapping[str, Any]) -> CorpusSettings:
    """The checked settings. Raises UserError: one line that names the key and what to do."""
    if options.get("lowercase", False) is None:
        options = {**options, "lowercase": options.get("tokens", "whitespace") in FOLDED}
    settings = checked(CorpusSettings, options)
    _check_together(settings)
    return settings


Settings = TypeVar("Settings")


def checked(kind: type[Settings], options: Mapping[str, Any]) -> Settings:
    """Settings of a corpus whose keys and types are checked. Raises UserError."""
    from pydantic import ValidationError

    _check_keys(kind, options, "corpus")
    try:
        settings: Settings = _adapter(kind).validate_python(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(_problem(first["loc"], first["input"], first["msg"])) from error
    name = getattr(settings, "name", "")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UserError(f"corpus.name={name!r} is not usable: take letters, digits, '.', '_' and '-'")
    return settings


#: What checks the types of each kind of settings; it takes a while to make.
_ADAPTERS: dict[type, Any] = {}


def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _check_keys(kind: Any, options: Mapping[str, Any], where: str) -> None:
    hints = get_type_hints(kind)
    known = {item.name: hints[item.name] for item in fields(kind)}
    for key, value in options.items():
        if key not in known:
            raise UserError(f"{where}.{key}: there is no such setting. {did_you_mean(str(key), known)}")
        nested = [part for part in (known[key], *get_args(known[key])) if is_dataclass(part)]
        inner = value if isinstance(value, list) and get_origin(known[key]) is list else [value]
        for number, item in enumerate(inner):
            if nested and isinstance(item, Mapping):
                place = f"{where}.{key}[{number}]" if isinstance(value, list) else f"{where}.{key}"
                _check_keys(nested[0], item, place)


def _problem(location: tuple[int | str, ...], value: Any, message: str) -> str:
    # Pydantic adds the alternatives of a union to the location; they are not keys.
    keys = [str(part) for part in location if str(part) not in {"int", "float", "str", "list[str]"}]
    key = ".".join(["corpus", *keys])
    if message == "Field required":
        return f"{key} is missing: give {key}=…"
    if message == "Input should be a valid string":
        return f"{key}={value!r} is not usable: input should be text{text_wanted(key, value)}"
    allowed = re.findall(r"'([^']+)'", message)
    meant = f". {did_you_mean(value, allowed)}" if allowed and isinstance(value, str) else ""
    return f"{key}={value!r} is not usable: {message[0].lower()}{message[1:]}{meant}"


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
    share = settings.train_share
    if share is not None and not 0 < share <= 1:
        raise UserError(f"corpus.train_share={share} is not usable: give a share above 0, up to 1, or null")
    _check_heading(settings)
    _check_parts(settings)


def check_documents(settings: NamesDocuments) -> None:
    """Check the source of a corpus and the names of its documents. Raises UserError."""
    _check_source(settings.source)
    if settings.source.kind != "files" or settings.source.folder is not None:
        _check_names(settings)


def _check_source(source: SourceSettings) -> None:
    if source.kind != "package":
        for key in ("name", "folder"):
            if (value := getattr(source, key)) is not None:
                check_inside(f"corpus.source.{key}", value)
    for key in ("configuration", "column", "revision"):
        if (value := getattr(source, key)) is not None:
            if source.kind != "huggingface":
                raise UserError(f"corpus.source.{key} is of use with corpus.source.kind=huggingface only")
            check_inside(f"corpus.source.{key}", value)
    if (source.planted is None) == (source.kind == "planted"):
        raise UserError("corpus.source.planted and corpus.source.kind=planted go together: set both or none")
    if source.planted is not None:
        source.planted.check("corpus.source.planted")
    elif source.kind != "files" and source.name is None:
        raise UserError(f"corpus.source.name is missing: a source of kind {source.kind} needs one")
    if source.kind in ("archive", "package") and source.folder is None:
        raise UserError(f"corpus.source.folder is missing: a source of kind {source.kind} needs one")


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


def _check_names(settings: NamesDocuments) -> None:
    """What a source has stands below its folder, and the folder below those of corpora."""
    names = {"source.name": settings.source.name, "source.folder": settings.source.folder}
    names |= {part: getattr(settings, part) for part in ("train", "valid", "test", "text")}
    for key, value in names.items():
        for name in value if isinstance(value, list) else [value]:
            parts = Path(name or "").parts
            if name is not None and (not parts or ".." in parts or Path(name).is_absolute()):
                raise UserError(f"corpus.{key}={name!r} is not usable: give a name below the source's folder")


def _check_open(settings: CorpusSettings) -> None:
    """Of tokens made of bytes, none is unknown; a byte-pair encoding has to know how many to make."""
    size = settings.vocabulary.size
    if settings.tokens == "bpe" and (size is None or size < 256):
        raise UserError(
            f"corpus.vocabulary.size={'null' if size is None else size} is not usable: with tokens=bpe it is "
            "the number of subwords, and 256 are there before any pair is merged; give more, such as 2000"
        )


def _check_parts(settings: CorpusSettings) -> None:
    missing = [part for part in ("train", "valid", "test") if not getattr(settings, part)]
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
