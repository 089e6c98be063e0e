"""The conditional random field, against all sequences of tags."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.tasks.tagging.chain import LinearChain

Case = tuple[LinearChain, torch.Tensor, torch.Tensor]


def case(seed: int, tags: int, lengths: list[int]) -> Case:
    """A chain with random weights, and random emissions of sentences side by side."""
    torch.manual_seed(seed)
    chain = LinearChain(tags).double()
    for parameter in chain.parameters():
        torch.nn.init.normal_(parameter)
    return chain, torch.randn(max(lengths), len(lengths), tags).double(), torch.tensor(lengths)


CASES = st.builds(
    case, st.integers(0, 10**6), st.integers(1, 4), st.lists(st.integers(1, 4), min_size=1, max_size=3)
)


def scores_of(chain: LinearChain, emissions: torch.Tensor) -> dict[tuple[int, ...], float]:
    """The score of every sequence of tags of a sentence, emissions [time, tags]."""
    found = {}
    for path in product(range(emissions.shape[1]), repeat=len(emissions)):
        score = chain.begin[path[0]] + chain.end[path[-1]]
        score = score + sum(emissions[place, tag] for place, tag in enumerate(path))
        for before, after in pairwise(path):
            score = score + chain.pairs[before, after]
        found[path] = float(score.detach())
    return found


@given(case=CASES)
def test_z_the_best_path_and_scores_are_those_of_all_sequences(case: Case) -> None:
    chain, emissions, lengths = case
    log_z, best = chain.log_partition(emissions, lengths), chain.best(emissions, lengths)
    for row, length in enumerate(lengths.tolist()):
        scores = scores_of(chain, emissions[:length, row])
        expected = torch.logsumexp(torch.tensor(list(scores.values()), dtype=torch.float64), dim=0)
        assert float(log_z[row].detach()) == pytest.approx(float(expected.detach()))
        assert scores[tuple(best[row])] == pytest.approx(max(scores.values()))
        path = next(iter(scores))
        padded = torch.zeros(emissions.shape[:2], dtype=torch.long)
        padded[:length, row] = torch.tensor(path)
        assert float(chain.score(emissions, padded, lengths)[row].detach()) == pytest.approx(scores[path])


@given(case=CASES)
def test_what_stands_behind_a_sentence_does_not_count(case: Case) -> None:
    chain, emissions, lengths = case
    other = emissions.clone()
    for row, length in enumerate(lengths.tolist()):
        other[length:, row] += 100
    assert torch.equal(chain.log_partition(emissions, lengths), chain.log_partition(other, lengths))
    assert chain.best(emissions, lengths) == chain.best(other, lengths)


def test_the_gradient_of_ln_z_is_that_of_finite_differences() -> None:
    chain, emissions, lengths = case(1, 3, [4, 2])
    emissions.requires_grad_()
    assert torch.autograd.gradcheck(lambda e: chain.log_partition(e, lengths), (emissions,))
