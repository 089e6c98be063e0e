"""The rules of a verdict: bounds that a study's quantities are held to.

A rule holds if the whole interval of its quantity keeps to the bounds, fails if the whole interval breaks
them, and is undecided if the interval crosses a bound.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from benchmark.errors import UserError
from benchmark.study.quantities import Quantity

Outcome = Literal["holds", "fails", "undecided"]
Verdict = Literal["holds", "holds in part", "does not hold here", "undecided"]


#: What stands for a bound in the words of a rule, and what may only be meant so.
_IN_WORDS = re.compile(r"\{(above|at_least|below|at_most)(?::(%|±%))?\}")
_BRACES = re.compile(r"\{[^{}]*\}")

#: A number, and no true or false, which would count as 1 or 0.
Bound = Annotated[float, Field(strict=True)] | None


@dataclass(frozen=True)
class Rule:
    """What must be true of a quantity. `says` states it in words, with `{below}` where that bound stands.

    `{below:%}` writes a bound of 0.1 as 10%, `{at_most:±%}` one of 1.1 or 0.9: its distance from 1. Of the
    bounds, those given count: `above` and `below` are strict, `at_least` and `at_most` are not.
    """

    says: str
    quantity: str
    above: Bound = None
    at_least: Bound = None
    below: Bound = None
    at_most: Bound = None

    def __post_init__(self) -> None:
        """Raises ValueError for a rule that nothing can break, or nothing can keep, and for one whose words
        name a bound that it does not have."""
        given = list(self._given.values())
        if not given:
            raise ValueError("a rule needs a bound: above, at_least, below or at_most")
        if not all(map(math.isfinite, given)):
            raise ValueError("a bound is a finite number: leave it out if there is none")
        if not self._can_be_kept():
            raise ValueError(f"no number is {self.bounds}")
        for braces in _BRACES.findall(self.says):
            found = _IN_WORDS.fullmatch(braces)
            if not found or found[1] not in self._given:
                known = ", ".join(f"{{{name}}}" for name in self._given)
                raise ValueError(
                    f"`says` has {braces}, which is none of its bounds: {known}, or with :% or :±%"
                )

    @property
    def said(self) -> str:
        """What it says in words, with its bounds as they are."""
        return _IN_WORDS.sub(lambda found: _number(self._given[found[1]], found[2] or ""), self.says)

    @property
    def _given(self) -> dict[str, float]:
        """Its bounds by their names."""
        named = {"above": self.above, "at_least": self.at_least, "below": self.below, "at_most": self.at_most}
        return {name: bound for name, bound in named.items() if bound is not None}

    def _can_be_kept(self) -> bool:
        lowest = max(-math.inf if bound is None else bound for bound in (self.above, self.at_least))
        highest = min(math.inf if bound is None else bound for bound in (self.below, self.at_most))
        strict = lowest == self.above or highest == self.below
        return lowest < highest or (lowest == highest and not strict)

    def outcome(self, quantity: Quantity) -> Outcome:
        """Whether the quantity keeps to the bounds."""
        if self._kept(quantity.low) and self._kept(quantity.high):
            return "holds"
        under, over = self._under(quantity), self._over(quantity)
        return "fails" if under or over else "undecided"

    def _kept(self, number: float) -> bool:
        return self._enough(number) and self._little(number)

    def _enough(self, number: float) -> bool:
        above = -math.inf if self.above is None else self.above
        at_least = -math.inf if self.at_least is None else self.at_least
        return number >= at_least and (number > above or self.above is None)

    def _little(self, number: float) -> bool:
        at_most = math.inf if self.at_most is None else self.at_most
        below = math.inf if self.below is None else self.below
        return number <= at_most and (number < below or self.below is None)

    def _under(self, quantity: Quantity) -> bool:
        """Whether the whole interval is below the lower bound."""
        return not self._enough(quantity.high)

    def _over(self, quantity: Quantity) -> bool:
        """Whether the whole interval is above the upper bound."""
        return not self._little(quantity.low)

    @property
    def bounds(self) -> str:
        """`above 0`, `at least 0.9 and below 1.1`."""
        return " and ".join(
            f"{name.replace('_', ' ')} {_number(bound)}" for name, bound in self._given.items()
        )


def _number(bound: float, unit: str = "") -> str:
    """A bound in words: as it is, as per cent (`%`), or as its distance from 1 in per cent (`±%`)."""
    shown = {"": bound, "%": 100 * bound, "±%": 100 * abs(bound - 1)}[unit]
    return f"{shown:g}{unit[-1:]}".replace("-", "−")


@dataclass(frozen=True)
class Judged:
    """A rule, the quantity that it was held to, and how that came out."""

    rule: Rule
    quantity: Quantity
    outcome: Outcome


def judge(rules: Sequence[Rule], quantities: Mapping[str, Quantity]) -> tuple[Judged, ...]:
    """Every rule applied. Raises UserError for a rule on a quantity that the study does not have, or that is
    none."""
    judged = []
    for number, rule in enumerate(rules, start=1):
        if rule.quantity not in quantities:
            known = ", ".join(sorted(quantities))
            raise UserError(f"rule {number}: there is no quantity {rule.quantity!r}; there are {known}")
        found = quantities[rule.quantity]
        if not isinstance(found, Quantity):
            raise UserError(f"rule {number}: {rule.quantity!r} is {found!r}, and no Quantity")
        judged.append(Judged(rule, found, rule.outcome(found)))
    return tuple(judged)


def verdict(judged: Sequence[Judged]) -> Verdict:
    """The verdict on the whole claim.

    It holds if every rule does, and does not if every rule fails. It holds in part if some rules hold and
    others do not. Else nothing holds, and some rule is undecided: so is the claim.
    """
    outcomes = {each.outcome for each in judged}
    if outcomes == {"holds"}:
        return "holds"
    if outcomes == {"fails"}:
        return "does not hold here"
    return "holds in part" if "holds" in outcomes else "undecided"
