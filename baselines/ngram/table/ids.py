"""Ids of n-grams: an index into the arrays of their order."""

from __future__ import annotations

import numpy as np

from benchmark.errors import UserError

#: How many n-grams of an order, or places of a text, counting can number: their ids are int32.
MOST = 2**31 - 1
#: Id of an n-gram that is not in a table.
ABSENT = -1


def index_type(length: int) -> type[np.signedinteger]:
    """The smallest of int32 and int64 that can number `length` things, and ABSENT."""
    return np.int32 if length < 2**31 else np.int64


def check_number(number: int, things: str, way_out: str) -> None:
    """Raises UserError for more things than ids can number."""
    if number > MOST:
        raise UserError(f"{number:,} {things} are more than counting can number ({MOST:,}): {way_out}")


def check_ngrams(number: int, order: int) -> None:
    """Raises UserError if an order has more n-grams than ids can number."""
    check_number(number, f"{order}-grams", "take a part of the text, or a lower order")
