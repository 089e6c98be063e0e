"""Ids of n-grams: an index into the arrays of their order."""

from __future__ import annotations

import numpy as np

#: Id of an n-gram that is not in a table.
ABSENT = -1


def index_type(length: int) -> type[np.signedinteger]:
    """The smallest of int32 and int64 that can number `length` things, and ABSENT."""
    return np.int32 if length < 2**31 else np.int64
