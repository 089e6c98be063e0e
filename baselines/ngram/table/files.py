"""A backoff table as files: a `.npy` file for each array, mapped into memory when read; sizes as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from baselines.ngram.table.codebook import CodedArray, Numbers
from baselines.ngram.table.continuations import FULL_WIDTH, Continuations
from baselines.ngram.table.escaped import EscapedArray
from baselines.ngram.table.far_words import CountedWords
from baselines.ngram.table.offsets import Offsets
from baselines.ngram.table.unary import UnaryOffsets
from baselines.ngram.table.word_array import WordArray
from benchmark.errors import UserError

_SIZES = "table.json"
_FORMAT = 1
_INTEGERS = (np.int32, np.int64)

#: What the arrays of each layout are called; for numbers, behind `log_probs` or `log_backoffs`.
_NAMES: dict[type, tuple[str, ...]] = {
    WordArray: ("words", "words_far", "words_in_full"),
    CountedWords: ("words", "words_far_low", "words_far_high", "words_before"),
    Offsets: ("starts", "starts_ends", "starts_wide"),
    UnaryOffsets: ("starts_bits", "starts", "starts_wide"),
    CodedArray: ("", "_values"),
    EscapedArray: ("", "_values", "_rare_places", "_rare"),
}

Parts = tuple[tuple[Continuations, ...], tuple[Numbers, ...], tuple[Numbers, ...]]


def write_table(
    folder: Path,
    words: int,
    continuations: Sequence[Continuations],
    log_probs: Sequence[Numbers],
    log_backoffs: Sequence[Numbers],
) -> None:
    """Write the parts of a `BackoffTable` as `NAME.ORDER.npy` and `table.json`."""
    arrays: dict[str, np.ndarray] = {}
    for n, each in enumerate(continuations, 2):
        named = zip((*_NAMES[type(each.words)], *_NAMES[type(each.starts)]), each.arrays, strict=True)
        arrays |= {f"{name}.{n}": array for name, array in named}
    for kind, numbers in (("log_probs", log_probs), ("log_backoffs", log_backoffs)):
        for n, held in enumerate(numbers, 1):
            if isinstance(held, np.ndarray):
                arrays[f"{kind}.{n}"] = held
            else:
                named = zip(_NAMES[type(held)], held.arrays, strict=True)
                arrays |= {f"{kind}{name}.{n}": array for name, array in named}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    sizes = {"format": _FORMAT, "words": words, "ngrams": [len(each) for each in log_probs]}
    (folder / _SIZES).write_text(json.dumps(sizes) + "\n", encoding="utf-8")


def read_table(folder: Path, words: int) -> Parts:
    """Continuations, ln p* and ln b of a table over `words` words, mapped from what `write_table` wrote.

    Raises UserError for a file that is missing or damaged: not an array, of the wrong type or length, or
    with offsets that do not ascend.
    """
    ngrams = _sizes(folder, words)
    order = len(ngrams)
    contexts = [words + 1, *ngrams[1:]]
    continuations = tuple(
        _continuations(folder, n, contexts[n - 2], ngrams[n - 1]) for n in range(2, order + 1)
    )
    log_probs = tuple(_numbers(folder, "log_probs", n, ngrams[n - 1]) for n in range(1, order + 1))
    log_backoffs = tuple(_numbers(folder, "log_backoffs", n, contexts[n - 1]) for n in range(1, order))
    return continuations, log_probs, log_backoffs


def _sizes(folder: Path, words: int) -> list[int]:
    """The number of n-grams of each order."""
    path = folder / _SIZES
    try:
        sizes = json.loads(path.read_text(encoding="utf-8"))
        if not (sizes["format"] == _FORMAT and sizes["words"] == words and sizes["ngrams"][0] == words):
            raise _damaged(path, f"it does not describe a model of {words:,} words")
        return [int(number) for number in sizes["ngrams"]]
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise _damaged(path, str(error)) from None


def _continuations(folder: Path, n: int, contexts: int, ngrams: int) -> Continuations:
    def read(name: str, *types: type[np.generic], length: int | None = None) -> np.ndarray:
        return _read(folder / f"{name}.{n}.npy", types, length)

    def there(name: str) -> bool:
        return (folder / f"{name}.{n}.npy").exists()

    words: WordArray | CountedWords
    low = read("words", np.uint16, length=ngrams)
    if there("words_before"):
        far = read("words_far_low", np.uint16), read("words_far_high", np.uint8)
        words = CountedWords(low, *far, read("words_before", *_INTEGERS))
    else:
        words = WordArray(low, read("words_far", *_INTEGERS), read("words_in_full", np.int32))
    starts: Offsets | UnaryOffsets
    if there("starts_bits"):
        bits, blocks = read("starts_bits", np.uint64), read("starts", *_INTEGERS)
        starts = UnaryOffsets(bits, blocks, read("starts_wide", *_INTEGERS), contexts)
    else:
        length, ends = Offsets.lengths(contexts, packed=n > FULL_WIDTH)
        starts = Offsets(
            read("starts", *_INTEGERS, length=length),
            read("starts_ends", np.uint8, length=ends),
            read("starts_wide", *_INTEGERS),
        )
    for name, fault in (("words", words.fault()), ("starts", starts.fault(contexts, ngrams))):
        if fault:
            raise _damaged(folder / f"{name}.{n}.npy", fault)
    return Continuations(words, starts)


def _numbers(folder: Path, name: str, n: int, length: int) -> Numbers:
    numbers = _read(folder / f"{name}.{n}.npy", (np.float32, np.uint8, np.uint16), length)
    if numbers.dtype == np.float32:
        return numbers
    path = folder / f"{name}_values.{n}.npy"
    values = _read(path, (np.float32,))
    if (folder / f"{name}_rare.{n}.npy").exists():
        places = _read(folder / f"{name}_rare_places.{n}.npy", _INTEGERS)
        escaped = EscapedArray(numbers, values, places, _read(folder / f"{name}_rare.{n}.npy", (np.float32,)))
        if fault := escaped.fault():
            raise _damaged(path, fault)
        return escaped
    if length and int(numbers.max()) >= len(values):
        raise _damaged(path, "it lacks values for some codes")
    return CodedArray(numbers, values)


def _read(path: Path, types: tuple[type[np.generic], ...], length: int | None = None) -> np.ndarray:
    return read_array(path, types, (length,))


def read_array(path: Path, types: tuple[type[np.generic], ...], shape: tuple[int | None, ...]) -> np.ndarray:
    """An array of one of these types and of this shape (None: any length), mapped into memory.

    Raises UserError for a file that is missing or holds another array.
    """
    try:
        array = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from None
    if array.dtype not in types or array.ndim != len(shape):
        raise _damaged(path, f"it holds {array.dtype} in {array.ndim} dimensions")
    for found, wanted in zip(array.shape, shape, strict=True):
        if wanted is not None and found != wanted:
            raise _damaged(path, f"it has {found:,} entries, not {wanted:,}")
    return array


def _damaged(path: Path, why: str) -> UserError:
    return UserError(f"{path} is damaged or not part of a model ({' '.join(why.split())}): train it again")
