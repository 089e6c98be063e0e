"""The texts that the programs are given: plain files, one sentence a line, words between blanks."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import UserError

#: Words that language-model programs reserve, and what stands for them in a text made from a corpus.
RESERVED = {"<unk>": "(unk)", "<s>": "(s)", "</s>": "(/s)"}


@dataclass(frozen=True)
class Text:
    """A text file and its size. `name` is its file name."""

    path: Path
    name: str
    bytes: int
    lines: int
    words: int
    sha256: str

    @classmethod
    def of(cls, path: Path, option: str) -> Text:
        """Count and hash a file. Raises UserError where it cannot be read or holds no word."""
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
            raise UserError(f"{option}: {path} holds no word; give a text, one sentence a line")
        return cls(path.absolute(), path.name, size, lines, words, digest.hexdigest())

    def described(self) -> dict[str, Any]:
        """What is recorded of it: not where it lies."""
        return {key: value for key, value in asdict(self).items() if key != "path"}

    def repeated(self, words: int, folder: Path) -> Path:
        """A file in `folder` that holds the text as often as makes so many words."""
        path = folder / f"repeated.{self.name}"
        content = self.path.read_bytes()
        with path.open("wb") as file:
            for _ in range(math.ceil(words / self.words)):
                file.write(content if content.endswith(b"\n") else content + b"\n")
        return path


def from_corpus(overrides: Sequence[str], folder: Path) -> tuple[str, Path, Path]:
    """A corpus's training and test split as text files in a folder: its name and the two files.

    Words are those of its closed vocabulary; the reserved ones are spelt with round brackets, since
    the C++ programs refuse them. A corpus without sentence ends becomes the lines of its files.
    """
    from benchmark.sweep.compose import collect

    jobs = collect(["model=uniform", *overrides])
    if len(jobs) != 1:
        raise UserError(f"{' '.join(overrides)} names {len(jobs)} corpora; give one")
    corpus = jobs[0].open_corpus(lambda line: print(line, flush=True))
    files = []
    for split in ("train", "test"):
        stream = getattr(corpus, split)
        spellings = np.array([RESERVED.get(word, word) for word in corpus.vocabulary.tokens], dtype=object)
        path = folder / f"{corpus.name}.{split}.txt"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for begin, end in zip(stream.lines[:-1].tolist(), stream.lines[1:].tolist(), strict=True):
                ids = stream.ids[begin:end]
                if corpus.vocabulary.end is not None:
                    ids = ids[ids != corpus.vocabulary.end]
                if len(ids):
                    file.write(" ".join(spellings[ids]) + "\n")
        files.append(path)
    return corpus.name, files[0], files[1]
