"""Documents of the corpora that NLTK reads."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import IO, Any

from benchmark.corpus.document import Document
from benchmark.corpus.fetch import Say, Shelves, check, find_or_download
from benchmark.corpus.settings import SourceSettings
from benchmark.errors import UserError, did_you_mean


@dataclass(frozen=True)
class NltkDocument:
    """One file of an NLTK corpus, as its reader sees it.

    A corpus that comes tokenised (Brown and other tagged ones) is text with a sentence a line and a
    space between tokens; any other is the reader's raw text.
    """

    reader: Any
    file: str
    corpus: str

    @property
    def name(self) -> str:
        return f"{self.corpus}:{self.file}"

    @cached_property
    def _text(self) -> bytes:
        if hasattr(self.reader, "tagged_sents"):
            return "".join(" ".join(tokens) + "\n" for tokens in self.reader.sents(self.file)).encode()
        return str(self.reader.raw(self.file)).encode()

    def open(self) -> IO[bytes]:
        return io.BytesIO(self._text)

    def digest(self) -> str:
        # The file as it stands, not as parsed: quick, and the same zipped or unpacked.
        return hashlib.sha256(str(self.reader.raw(self.file)).encode()).hexdigest()


def nltk_documents(source: SourceSettings, shelves: Shelves, say: Say) -> Callable[[str], list[Document]]:
    """A finder of documents by file id or pattern in one corpus, from NLTK_DATA or a corpora folder.

    Raises UserError where NLTK has no such reader, or the data is nowhere and cannot be fetched.
    """
    import nltk.corpus
    import nltk.data

    name = str(source.name)
    readers = [known for known in dir(nltk.corpus) if not known.startswith("_")]
    if name not in readers:
        raise UserError(
            f"corpus.source.name={name!r}: NLTK has no such corpus. {did_you_mean(name, readers)}"
        )
    folders = [str(place / "nltk_data") for place in shelves.folders]
    nltk.data.path[:0] = [folder for folder in folders if folder not in nltk.data.path]
    if not _at_hand(name):
        zipped = f"{name}.zip"
        checksum = source.checksums.get(zipped)
        path = find_or_download(f"nltk_data/corpora/{zipped}", source.url, checksum, shelves, say)
        check(path, checksum)
    reader = getattr(nltk.corpus, name)
    files = sorted(reader.fileids())

    def find(pattern: str) -> list[Document]:
        found = [file for file in files if fnmatchcase(file, pattern)]
        if not found:
            raise UserError(
                f"NLTK's {name} has no document {pattern!r}. {did_you_mean(pattern, files[:1000])}"
            )
        return [NltkDocument(reader, file, name) for file in found]

    return find


def _at_hand(name: str) -> bool:
    import nltk.data

    for resource in (f"corpora/{name}", f"corpora/{name}.zip"):
        try:
            nltk.data.find(resource)
        except LookupError:
            continue
        return True
    return False
