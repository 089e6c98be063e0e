"""What a search of a given length can be expected to find."""

from __future__ import annotations

from collections.abc import Sequence


def expected_best(values: Sequence[float]) -> list[float]:
    """The expected lowest of n values drawn at random from these, for n = 1, 2, …, len(values).

    With the values in ascending order, v₁ ≤ … ≤ v_N, the lowest of n draws with replacement is v_i with
    probability ((N - i + 1) / N)ⁿ - ((N - i) / N)ⁿ (Dodge, Gururangan, Card, Schwartz & Smith 2019,
    "Show your work", eq. 1–4, there for the highest). It holds for trials that are independent draws, as
    those of a random search are.
    """
    ordered, number = sorted(values), len(values)
    return [
        sum(
            value * (((number - place) / number) ** draws - ((number - place - 1) / number) ** draws)
            for place, value in enumerate(ordered)
        )
        for draws in range(1, number + 1)
    ]
