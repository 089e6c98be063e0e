"""The texts that the programs are given: plain files, one sentence per line, words separated by blanks."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.errors import UserError
from benchmark.peers.corpus_lines import lines_of, open_only_corpus
from benchmark.peers.ngram.record import TextFile

#: Words that language-model programs reserve, and what replaces them in a text made from a corpus.
RESERVED = {"<unk>": "(unk)", "<s>": "(s)", "</s>": "(/s)"}


@dataclass(frozen=True)
class Text:
    """A text file: where it is, and what is recorded of it."""

    path: Path
    file: TextFile

    @classmethod
    def read(cls, path: Path, option: str) -> Text:
        """Count and hash a file. Raises UserError if it cannot be read or is empty."""
        digest, lines, words, size = hashlib.sha256(), 0, 0, 0
        try:
            with path.open("rb") as file:
                for line in file:
                    digest.update(line)
                    size += len(line)
                    lines += 1
                    words += len(line.split())
        except OSError as error:
            raise UserError(f"{option}: cannot read {path}: {error.strerror}; give a text file") from error
        if not words:
            raise UserError(f"{option}: {path} holds no word; give a text, one sentence per line")
        return cls(path.absolute(), TextFile(path.name, size, lines, words, digest.hexdigest()))

    def repeated(self, words: int, folder: Path) -> Path:
        """A file in `folder` with the text repeated until it has at least so many words."""
        path = folder / f"repeated.{self.file.name}"
        content = self.path.read_bytes()
        with path.open("wb") as file:
            for _ in range(math.ceil(words / self.file.words)):
                file.write(content if content.endswith(b"\n") else content + b"\n")
        return path


def texts_of_corpus(overrides: Sequence[str], folder: Path) -> tuple[str, Path, Path]:
    """A corpus's name, and its training and test split as text files in a folder.

    Words are those of its closed vocabulary. Reserved ones are written with round brackets, because the
    C++ programs refuse them. A corpus without sentence ends becomes the lines of its files. Raises
    UserError.
    """
    corpus = open_only_corpus(overrides)
    spellings = np.array([RESERVED.get(word, word) for word in corpus.vocabulary.tokens], dtype=object)
    files = []
    for split, stream in (("train", corpus.train), ("test", corpus.test)):
        files.append(folder / f"{corpus.name}.{split}.txt")
        with files[-1].open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(" ".join(spellings[ids]) + "\n" for ids in lines_of(stream) if len(ids))
    return corpus.name, files[0], files[1]
