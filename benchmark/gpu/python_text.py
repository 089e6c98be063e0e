"""A large text that every machine has: the Python sources installed there, as lines of tokens."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmark.settings import usable_cores

#: Words (names, keywords, numbers) and single signs. Words that language-model programs reserve, such as
#: `<unk>`, cannot result: their brackets are tokens of their own.
TOKEN = re.compile(r"\w+|[^\w\s]")
#: Larger files are tables or generated code.
MOST_BYTES = 1_000_000
#: Every so many files, one is test text.
TEST_EVERY = 100
#: Files that each core reads in a batch.
BATCH = 64


@dataclass(frozen=True)
class PythonText:
    """The two texts, a line of source each line, and the number of words to train on."""

    train: Path
    test: Path
    words: int


def write_python_text(folder: Path, words: int, sources: list[Path] | None = None) -> PythonText:
    """Write `python.train.txt` with at least so many words, and `python.test.txt`, to a folder.

    Files are taken in the order of their paths below `sources` (by default the standard library and the
    installed packages), so the same installation gives the same texts. There are fewer words if the sources
    hold no more.
    """
    text = PythonText(folder / "python.train.txt", folder / "python.test.txt", 0)
    files = enumerate(_files(sources or installed_sources()))
    written, cores = 0, usable_cores()
    with (
        text.train.open("w", encoding="utf-8") as train,
        text.test.open("w", encoding="utf-8") as test,
        ProcessPoolExecutor(cores) as pool,
    ):
        while written < words and (batch := list(islice(files, BATCH * cores))):
            made = pool.map(_tokenised, [path for _, path in batch], chunksize=BATCH // 4)
            for (number, _), (lines, words_in_it) in zip(batch, made, strict=True):
                if number % TEST_EVERY == 0:
                    test.write(lines)
                elif written < words:
                    train.write(lines)
                    written += words_in_it
    return PythonText(text.train, text.test, written)


def installed_sources() -> list[Path]:
    """The folders of the standard library and of the installed packages."""
    names = ("stdlib", "purelib", "platlib")
    return list(dict.fromkeys(Path(sysconfig.get_path(name)) for name in names))


def _files(folders: list[Path]) -> Iterator[Path]:
    seen = set()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if path not in seen and path.is_file() and path.stat().st_size <= MOST_BYTES:
                seen.add(path)
                yield path


def _tokenised(path: Path) -> tuple[str, int]:
    """The lines with tokens, and how many tokens; nothing if the file is not UTF-8 or cannot be read."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return "", 0
    lines = [tokens for line in source.splitlines() if (tokens := TOKEN.findall(line))]
    return "".join(" ".join(tokens) + "\n" for tokens in lines), sum(map(len, lines))
