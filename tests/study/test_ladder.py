"""The study of the ladder: the published numbers that it shows, and its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.errors import UserError
from benchmark.study.claim import read_claim
from benchmark.study.claims.ladder import ladder, quantities, show
from benchmark.study.rules import judge, verdict


def test_published_numbers_come_with_their_sources() -> None:
    claim = read_claim("ladder")
    for scale in claim.scales.values():
        for corpus, names in scale.settings["published"].items():
            found = ladder(corpus, names)
            assert [rung[0] for rung in found["rungs"]] == names
            assert all(perplexity > 0 and "et al." in source for _, perplexity, source in found["rungs"])


def test_the_published_ladder_of_one_billion_words() -> None:
    # Chelba et al. (2014), table 1, and Jozefowicz et al. (2016), table 1
    rungs = ladder("lm1b", ["5-gram, Kneser-Ney", "LSTM, 1 × 2,048", "LSTM, 2 × 8,192"])["rungs"]
    assert [perplexity for _, perplexity, _ in rungs] == [67.6, 43.7, 30.6]


def test_an_unlisted_number_is_an_error() -> None:
    with pytest.raises(UserError, match=r"ptb lists no published 'AWD-LSTN'.*AWD-LSTM"):
        ladder("ptb", ["AWD-LSTN"])


def data(ratios: tuple[float, float, float], best: float, half: float) -> dict[str, Any]:
    def around(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - half, "high": value + half, "basis": "15 blocks, 3 seeds"}

    first, second, third = (around(ratio) for ratio in ratios)
    return {
        "corpus": "a text",
        "rungs": [
            {"label": "Kneser-Ney 5-gram", "family": "count", "parameters": None, "perplexities": [90.0]},
            {"label": "LSTM", "family": "neural", "parameters": 400_000, "perplexities": [91.0, 89.0, 88.0]},
        ],
        "rnn_by_kneser_ney": first,
        "lstm_by_rnn": second,
        "two_layers_by_one": third,
        "by_kneser_ney": [first, around(best)],
        "published": [ladder("ptb", ["AWD-LSTM"])],
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data((0.9, 0.8, 0.9), 0.7, 0.01), "holds"),
        (data((1.3, 0.8, 0.9), 0.7, 0.01), "holds in part"),
        (data((1.3, 1.1, 1.2), 1.4, 0.01), "does not hold here"),
        (data((1.01, 1.1, 1.2), 1.4, 0.05), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("ladder").rules, quantities(measured))
    assert verdict(judged) == expected
    assert show(measured)
