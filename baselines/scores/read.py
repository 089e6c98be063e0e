"""Reads one number for each target from a file: plain or packed text, npy, npz, safetensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import numpy as np

from benchmark.errors import UserError
from benchmark.storage.compact_scores import read_compact
from benchmark.storage.packed import DAMAGED, unpacked
from benchmark.storage.reading import open_regular

#: Where a token stands in a line of text, beside the number.
Beside = Literal["none", "before", "after"]

#: Bytes of the longest line.
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True)
class Column:
    """What a file holds: `numbers` float64 [entries], or `tokens` [entries], or both.

    `unit` is what an entry is called in messages: a line of text, or a number. `compact` says that the
    numbers are the natural logarithms that `nextword export --scores` wrote.
    """

    path: Path
    numbers: np.ndarray
    tokens: list[str] | None = None
    unit: str = "line"
    compact: bool = False

    def at(self, entry: int) -> str:
        """An entry as messages name it, from 1 up."""
        return f"{self.path}, {self.unit} {entry + 1:,}"


def read_numbers(path: Path, beside: Beside, most: int) -> Column:
    """The numbers in a file, and the tokens `beside` them; no more than `most` + 1 of a text.

    A text has a number in each line. A tab, or else spaces, stand between it and a token. Raises UserError,
    which names the file and the line.
    """
    with _opened(path) as file:
        mark = file.read(8)
        file.seek(0)
        if mark.startswith(b"\x93NUMPY"):
            return _array(path, np.load(file, allow_pickle=False), beside)
        if mark.startswith(b"PK"):
            return Column(path, read_compact(path).astype(np.float64), unit="number", compact=True)
        if path.suffix == ".safetensors":
            return _array(path, _tensor(path), beside)
        numbers, tokens = [], []
        for number, line in enumerate(_lines(path, file), start=1):
            if number > most + 1:
                break
            field, token = _fields(line, beside)
            value = _number(field)
            if value is None or (token is None) != (beside == "none"):
                raise UserError(f"{path}, line {number:,}: {_wrong_line(line, beside)}")
            numbers.append(value)
            tokens.append(token or "")
    return Column(path, np.array(numbers), None if beside == "none" else tokens)


def read_tokens(path: Path, most: int) -> list[str]:
    """The tokens in a text that has one in each line; no more than `most` + 1. Raises UserError."""
    tokens: list[str] = []
    with _opened(path) as file:
        for line in _lines(path, file):
            tokens.append(line)
            if len(tokens) > most:
                break
    return tokens


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to read from. What is wrong with it is one line that names it."""
    try:
        with open_regular(path) as file:
            yield file
    except FileNotFoundError:
        raise UserError(f"cannot read {path}: there is no such file") from None
    except (OSError, ValueError, EOFError, MemoryError) as error:  # MemoryError: of a size that it claims
        raise UserError(f"cannot read {path}: {error}") from error


def _lines(path: Path, file: IO[bytes]) -> Iterator[str]:
    """The lines of a text in UTF-8, unpacked, without their ends."""
    content = unpacked(file)
    source = content or file
    number = 0
    try:
        while line := source.readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE:
                raise UserError(f"{path}, line {number:,}: it has no end in {len(line):,} bytes")
            yield line.decode("utf-8-sig" if number == 1 else "utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UserError(
            f"{path}, line {number:,}: it is not UTF-8; scores are read from text (plain, gz, bz2, xz), npy, "
            "safetensors and the npz of nextword export"
        ) from None
    except DAMAGED as error:
        if content is None:
            raise
        raise UserError(f"{path} cannot be unpacked to its end ({error})") from None


def _fields(line: str, beside: Beside) -> tuple[str, str | None]:
    """The number in a line, and the token if there is one. A tab between them keeps the token's spaces."""
    if beside == "none":
        return line, None
    separator = "\t" if "\t" in line else " "
    stripped = line if separator == "\t" else line.strip(" ")
    if separator not in stripped:
        return stripped, None
    if beside == "after":
        number, _, token = stripped.partition(separator)
    else:
        token, _, number = stripped.rpartition(separator)
    return number, token if separator == "\t" else token.strip(" ")


def _number(field: str) -> float | None:
    try:
        return float(field) if "_" not in field else None
    except ValueError:
        return None


def _wrong_line(line: str, beside: Beside) -> str:
    """What is wrong with a line that holds something else than it should."""
    shown = repr(line if len(line) <= 40 else line[:40] + "…")
    wanted = {
        "none": "a number alone; with a token beside it, give model.tokens=before or model.tokens=after",
        "before": "a token and then a number (model.tokens=before)",
        "after": "a number and then a token (model.tokens=after)",
    }[beside]
    return f"it holds {shown} instead of {wanted}"


def _array(path: Path, array: np.ndarray, beside: Beside) -> Column:
    if beside != "none":
        raise UserError(
            f"{path} holds numbers alone, so model.tokens={beside} does not fit; name files of tokens in "
            "model.valid_tokens and model.test_tokens"
        )
    if array.ndim != 1 or array.dtype.kind != "f":
        raise UserError(
            f"{path} holds {array.dtype} {list(array.shape)}; one floating-point number for each target is "
            "wanted, [targets]"
        )
    return Column(path, array.astype(np.float64), unit="number")


def _tensor(path: Path) -> np.ndarray:
    """The one tensor in a safetensors file, or that called `scores`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
    except (SafetensorError, TypeError, KeyError) as error:  # of a number format that NumPy lacks
        raise ValueError(f"it is no safetensors file that NumPy can hold: {error}") from None
    if len(tensors) != 1 and "scores" not in tensors:
        names = ", ".join(sorted(tensors)) or "none"
        raise UserError(f"{path} holds the tensors {names}: keep one, or call that of the scores 'scores'")
    return tensors["scores"] if "scores" in tensors else next(iter(tensors.values()))
