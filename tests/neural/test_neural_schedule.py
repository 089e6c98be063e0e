"""The learning rate of each step, worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.neural.training.recipe import Training
from baselines.neural.training.schedule import Schedule


def schedule(kind, **recipe):
    return Schedule(Training(learning_rate=2.0, schedule=kind, **recipe))


def test_linear_with_warm_up():
    linear = schedule("linear", warmup=0.2)
    assert [linear.rate(p) for p in (0, 0.1, 0.2, 0.6, 1.0)] == pytest.approx([0, 1, 2, 1, 0])


def test_cosine():
    cosine = schedule("cosine", warmup=0.5)
    found = [cosine.rate(p) for p in (0.25, 0.5, 0.5 + 1 / 6, 0.75, 1.0)]
    assert found == pytest.approx([1, 2, 1 + math.cos(math.pi / 3), 1, 0])


def test_zaremba_holds_then_divides_every_epoch():
    """Zaremba et al. (2014), small: 4 epochs at the full rate, halved in each one after."""
    rates = [schedule("zaremba", hold=4, decay=2).rate(epoch / 13, epoch) for epoch in range(13)]
    assert rates == pytest.approx([2.0] * 4 + [2.0 / 2**k for k in range(1, 10)])


def test_plateau_divides_after_so_many_validations_without_a_new_best():
    plateau = schedule("plateau", hold=2, decay=10)
    rates = []
    for best in (True, False, True, False, False, False, False, True):
        plateau.validated(best)
        rates.append(plateau.rate(0.5))
    assert rates == pytest.approx([2, 2, 2, 2, 0.2, 0.2, 0.02, 0.02])


def test_constant_stays():
    constant = schedule("constant")
    constant.validated(best=False)
    assert constant.rate(0.0) == constant.rate(0.9, 7) == 2.0


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 12), st.integers(1, 3))
def test_a_plateau_can_be_continued_from_any_validation(found, stop, hold):
    whole, first, second = (schedule("plateau", hold=hold) for _ in range(3))
    for best in found:
        whole.validated(best)
    for best in found[:stop]:
        first.validated(best)
    second.restore(first.numbers())
    for best in found[stop:]:
        second.validated(best)
    assert second.rate(0.3) == whole.rate(0.3)
