"""How precisely the numbers of an ARPA file are written, and so how far its probabilities may be off.

Tools write a fixed number of decimals (CMU-Cambridge and Sphinx four) or of significant digits (SRILM and
KenLM seven), and many leave out zeros at the end. So precision belongs to a file, not to a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

#: Numbers of fewer decimals, such as -1, count as exact to two: a zero at the end may have been left out.
_COARSEST = 0.5e-2


@dataclass(frozen=True)
class Precision:
    """The most decimals and the most significant digits that numbers have."""

    decimals: int = 0
    digits: int = 0

    @classmethod
    def of(cls, numbers: Iterable[bytes]) -> Precision:
        """That of numbers as they are written; what is no number is left out."""
        found = cls()
        for number in numbers:
            try:
                _, digits, exponent = Decimal(number.decode()).as_tuple()
            except (InvalidOperation, UnicodeDecodeError):
                continue
            if isinstance(exponent, int):
                found = cls.highest((found, cls(-exponent, len(digits))))
        return found

    @classmethod
    def highest(cls, several: Iterable[Precision]) -> Precision:
        """The precision of a file from that of its parts."""
        several = [cls(), *several]
        return cls(max(each.decimals for each in several), max(each.digits for each in several))

    def rounding(self, numbers: np.ndarray) -> np.ndarray:
        """How far rounding may have moved each number: half a unit of its last place, float64.

        That is the last of the decimals, or of the significant digits if it comes before. 0 for an infinite
        number.
        """
        with np.errstate(divide="ignore"):
            magnitude = np.floor(np.log10(np.abs(numbers)) + 1e-9)
        units = np.maximum(10.0**-self.decimals, 10.0 ** (magnitude + 1 - self.digits))
        return np.where(np.isfinite(numbers), np.minimum(units / 2, _COARSEST), 0)
