"""An n-gram as one integer: the id of its first n−1 words, and its last word.

The n-grams of one order are numbered 0, 1, … in the order of their keys,

    key(h w) = id(h) · (V + 1) + w,

where id(h) numbers the context h among the n-grams one shorter, V is the number of words and the word V
is `<s>`. Sorted keys therefore list n-grams context by context and, within a context, word by word: the
n-grams of one context are neighbours, and the n-grams that begin with `<s>` (the largest word) are last.
An n-gram of any length is one step beyond a shorter one, so orders up to any length fit 63 bits as long
as (number of contexts) · (V + 1) does, which `pack` checks.
"""

from __future__ import annotations

import numpy as np

#: Id of an n-gram that is not in a table.
ABSENT = -1
_BLOCK_BITS = 18  # keys sorted at a time in `find`: 2¹⁸ of 8 bytes stay in a core's cache
_KEY_BITS = 63


def pack(context: np.ndarray, word: np.ndarray, words: int) -> np.ndarray:
    """Keys (int64) of the n-grams `context` followed by `word`, in a vocabulary of `words` words.

    Raises OverflowError where the keys do not fit 63 bits.
    """
    if len(context) and (int(context.max()) + 1) * (words + 1) > 2**_KEY_BITS:
        raise OverflowError(f"{int(context.max()) + 1} contexts of {words} words do not fit a 63-bit key")
    keys = context.astype(np.int64)
    keys *= words + 1
    keys += word
    return keys


def contexts_of(keys: np.ndarray, words: int) -> np.ndarray:
    """Id of the first n−1 words of each n-gram."""
    return keys // (words + 1)


def last_words(keys: np.ndarray, words: int) -> np.ndarray:
    """Last word of each n-gram."""
    return keys % (words + 1)


def extend(nodes: np.ndarray, sequence: np.ndarray, words: int) -> tuple[np.ndarray, np.ndarray]:
    """The n-grams one longer than `nodes`: positions where each ends, and keys.

    `nodes[t]` is the id of the n-gram of some order that ends at t of `sequence`, or ABSENT. A longer
    n-gram ends at t where one of this order ends at t − 1 and `sequence[t]` is a word: `<s>` and gaps
    (ids ≥ `words`) end none.
    """
    positions = np.flatnonzero((nodes[:-1] != ABSENT) & (sequence[1:] < words)) + 1
    return positions, pack(nodes[positions - 1], sequence[positions], words)


def distinct(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct keys and how often each occurs."""
    keys = np.sort(keys)
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    first = np.flatnonzero(new)
    return keys[first], np.diff(first, append=len(keys))


def find(table: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Index of each of `keys` in the sorted `table`, ABSENT where it is not there (int32 or int64).

    Binary search for random keys waits for memory at every step; for ascending keys it does not. So the
    keys are sorted first, a block at a time, each with its place in the block in its low bits: sorting
    bare integers is several times faster than sorting indices.
    """
    found = np.full(len(keys), ABSENT, dtype=index_type(len(table)))
    if not len(table) or not len(keys):
        return found
    bits = min(_BLOCK_BITS, _KEY_BITS - int(keys.max()).bit_length())
    if bits < 10:  # blocks this small sort for nothing
        return _look_up(table, keys)
    for start in range(0, len(keys), 1 << bits):
        block = keys[start : start + (1 << bits)] << bits
        block |= np.arange(len(block))
        block.sort()
        found[start + (block & ((1 << bits) - 1))] = _look_up(table, block >> bits)
    return found


def _look_up(table: np.ndarray, keys: np.ndarray) -> np.ndarray:
    index = np.searchsorted(table, keys)
    index[index == len(table)] = 0
    return np.where(table[index] == keys, index, ABSENT)


def index_type(length: int) -> type[np.signedinteger]:
    """The smaller integer type that numbers `length` things, and ABSENT."""
    return np.int32 if length < 2**31 else np.int64
