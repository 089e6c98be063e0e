"""Documents of the corpora that NLTK can read."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmark.corpus.archive import unpack_once
from benchmark.corpus.document import Document, file_hash
from benchmark.corpus.fetch import Say, SearchPath, check, find_or_download
from benchmark.corpus.parts_of_speech import class_of, is_tagged
from benchmark.corpus.source_settings import SourceSettings
from benchmark.errors import UserError, did_you_mean


@dataclass(frozen=True)
class NltkDocument:
    """One file of an NLTK corpus, as its reader sees it.

    A corpus that is already tokenised (Brown and other tagged ones) becomes text with one sentence per
    line and a space between tokens. Any other corpus is the reader's raw text.
    """

    reader: Any
    file: str
    corpus: str
    folder: Path

    @property
    def name(self) -> str:
        return f"{self.corpus}:{self.file}"

    @cached_property
    def _text(self) -> bytes:
        if is_tagged(self.corpus):
            return self._tagged[0]
        if hasattr(self.reader, "tagged_sents"):
            return "".join(" ".join(tokens) + "\n" for tokens in self.reader.sents(self.file)).encode()
        # The same as reader.raw, which takes milliseconds for each of the 10,788 files of Reuters.
        encoding = self.reader.encoding(self.file) or "utf-8"
        try:
            return self._path.read_bytes().decode(encoding).encode()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {self._path} as {encoding}: {error}") from error

    @cached_property
    def _tagged(self) -> tuple[bytes, np.ndarray]:
        """The text of tagged sentences, and what `tags` returns."""
        sentences = [list(zip(*pairs, strict=True)) for pairs in self.reader.tagged_sents(self.file) if pairs]
        text = "".join(" ".join(words) + "\n" for words, _ in sentences).encode()
        classes = [class_of(tag, self.corpus) for _, tags in sentences for tag in tags]
        lengths = [len(word.encode()) + 1 for words, _ in sentences for word in words]
        return text, np.repeat(np.array(classes, dtype=np.uint8), lengths)

    @property
    def _path(self) -> Path:
        return self.folder / self.file

    def open(self) -> IO[bytes]:
        return io.BytesIO(self._text)

    def digest(self) -> str:
        return file_hash(self._path, "sha256")

    def tags(self) -> np.ndarray | None:
        return self._tagged[1] if is_tagged(self.corpus) else None


def nltk_documents(
    source: SourceSettings, search_path: SearchPath, say: Say
) -> Callable[[str], list[Document]]:
    """A function that finds documents by file id or pattern, in NLTK_DATA or a corpora folder.

    Raises UserError if NLTK has no such reader, or if the data is missing and cannot be fetched.
    """
    import nltk.corpus
    import nltk.data
    from nltk.corpus.reader.api import CorpusReader
    from nltk.corpus.util import LazyCorpusLoader

    name = str(source.name)
    reader = getattr(nltk.corpus, name, None)  # loads NLTK's readers, which are not known before
    kinds = (LazyCorpusLoader, CorpusReader)
    if not isinstance(reader, kinds):
        readers = [known for known, value in vars(nltk.corpus).items() if isinstance(value, kinds)]
        raise UserError(
            f"corpus.source.name={name!r}: NLTK has no such corpus. {did_you_mean(name, readers)}"
        )
    data = _unpacked(name, source, search_path, nltk.data.path, say)
    nltk.data.path.insert(0, str(data))
    files = sorted(reader.fileids())
    # Most corpora are in a folder of their own name; treebank's files are in `treebank/combined`.
    folder = data / "corpora" / name / f"{reader.root}/".rpartition(f"/{name}/")[2]

    def find(pattern: str) -> list[Document]:
        found = [file for file in files if fnmatchcase(file, pattern)]
        if not found:
            raise UserError(
                f"NLTK's {name} has no document {pattern!r}. {did_you_mean(pattern, files[:1000])}"
            )
        return [NltkDocument(reader, file, name, folder) for file in found]

    return find


def _unpacked(
    name: str, source: SourceSettings, search_path: SearchPath, nltk_path: list[str], say: Say
) -> Path:
    """An NLTK data folder with the corpus unpacked, since NLTK reads many small files slowly from a zip."""
    folders = [*(place / "nltk_data" for place in search_path.folders), *map(Path, nltk_path)]
    for folder in folders:
        if (folder / "corpora" / name).is_dir():
            return folder
    zipped = f"corpora/{name}.zip"
    archive = next((folder / zipped for folder in folders if (folder / zipped).is_file()), None)
    checksum = source.checksums.get(f"{name}.zip")
    if archive is None:
        archive = find_or_download(f"nltk_data/{zipped}", source.url, checksum, search_path, say)
    check(archive, checksum)
    target = search_path.downloads / "nltk_data"
    unpack_once(archive, name, ["*"], target / "corpora" / name, say)
    return target
