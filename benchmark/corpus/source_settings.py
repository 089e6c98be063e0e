"""Where a corpus's documents come from and which they are: the part of its settings that all corpora have."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from benchmark.corpus.planted import PlantedSettings
from benchmark.errors import UserError
from benchmark.storage.files import check_inside

#: A file or document name, a pattern with * and ?, or several of them.
Names = str | list[str]
Share = int | float | None

#: Settings that know of no other keys than their own.
STRICT: dict[str, Any] = {"extra": "forbid", "allow_inf_nan": False}


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """Where the documents come from.

    `files` are text files; `archive` means members of a zip or tar file; `nltk` is an NLTK corpus, read by
    NLTK's reader; `package` means files that an installed Python package contains; `huggingface` means splits
    of a dataset of the Hugging Face Hub; `planted` means texts made by a rule (`benchmark.corpus.planted`).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

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
class DocumentSettings:
    """What every corpus has: its name, where its documents come from, and which they are."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    title: str = ""
    licence: str = ""
    source: SourceSettings = field(default_factory=SourceSettings)
    train: Names | None = None
    valid: Names | None = None
    test: Names | None = None
    #: Documents to split, for those splits that are not named above.
    text: Names | None = None
    #: How much of the training split to train on; by default all of it.
    train_share: Share = None

    @property
    def missing(self) -> list[str]:
        """The splits that no documents are named for."""
        return [part for part in ("train", "valid", "test") if not getattr(self, part)]


@dataclass(frozen=True, kw_only=True)
class CitedResult:
    """A result from the literature, with its source and what it was measured on."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    model: str
    source: str
    protocol: str


def check_train_share(share: Share) -> None:
    """Raises UserError for what is no share."""
    if share is not None and not 0 < share <= 1:
        raise UserError(f"corpus.train_share={share} is not usable: give a share above 0, up to 1, or null")


def check_documents(settings: DocumentSettings) -> None:
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


def _check_names(settings: DocumentSettings) -> None:
    """What a source has stands below its folder, and the folder below those of corpora."""
    names = {"source.name": settings.source.name, "source.folder": settings.source.folder}
    names |= {part: getattr(settings, part) for part in ("train", "valid", "test", "text")}
    for key, value in names.items():
        for name in value if isinstance(value, list) else [value]:
            parts = Path(name or "").parts
            if name is not None and (not parts or ".." in parts or Path(name).is_absolute()):
                raise UserError(f"corpus.{key}={name!r} is not usable: give a name below the source's folder")
