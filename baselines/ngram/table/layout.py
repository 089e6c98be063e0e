"""Numbers that say how tables lay their arrays out, for the arrays and for the loops that read them."""

from __future__ import annotations

#: Contexts that share one offset of full width, 2^BITS of them.
BITS = 5
BLOCK = 1 << BITS
#: Continuations of a block of contexts beyond which its starts are stored in full: what a byte holds.
FURTHEST = 255
#: Stands in 16 bits for every word from this id on.
FAR = 2**16 - 1
#: 2^FAR_BITS places share a count of the far words before them.
FAR_BITS = 6
#: The code of a number that is stored in full.
RARE = 255
