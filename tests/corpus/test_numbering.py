"""The hash table and the word numbers beneath the encoding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.corpus.type_table import TypeTable
from benchmark.corpus.word_numbering import HashCollision, WordNumberer

KEYS = st.lists(st.integers(0, 2**64 - 2), max_size=200, unique=True)


@given(KEYS, KEYS)
def test_table_numbers_keys_in_order(first: list[int], second: list[int]) -> None:
    table = TypeTable(bits=2)
    second = [key for key in second if key not in first]
    table.add(np.array(first, dtype=np.uint64))
    assert (table.find(np.array(second, dtype=np.uint64)) == -1).all()
    table.add(np.array(second, dtype=np.uint64))
    assert table.find(np.array(first + second, dtype=np.uint64)).tolist() == list(range(len(table)))


def test_keys_of_one_slot_are_all_found() -> None:
    # Multiples of 2^60 times the inverse of the multiplier share the top bits of the product.
    inverse = pow(0x9E37_79B9_7F4A_7C15, -1, 2**64)
    keys = np.array([(number * inverse) % 2**64 for number in range(50)], dtype=np.uint64)
    table = TypeTable()
    table.add(keys)
    assert table.find(keys).tolist() == list(range(50))


def test_numbers_go_on_from_chunk_to_chunk() -> None:
    numberer = WordNumberer()
    first, _ = numberer.number(b"one two one\n")
    second, newlines = numberer.number(b"\ntwo somewhat-longer\n")
    types = numberer.types()
    assert [types[number] for number in first] == [b"one", b"two", b"one"]
    assert [types[number] for number in second] == [b"two", b"somewhat-longer"]
    assert newlines.tolist() == [0, 2]


def test_a_collision_is_noticed_within_and_across_chunks() -> None:
    with pytest.raises(HashCollision):
        WordNumberer(multiplier=0).number(b"first-ending-alike other-ending-alike")
    numberer = WordNumberer(multiplier=0)
    numberer.number(b"first-ending-alike")
    with pytest.raises(HashCollision):
        numberer.number(b"other-ending-alike")
