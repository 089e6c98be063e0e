"""Intervals of the place where two curves cross: against every draw by itself, and how often they cover."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.record.blocks import BlockLosses, write_blocks
from benchmark.record.folder import read_runs
from benchmark.report.blocks import Figure
from benchmark.report.break_even import Compare, SeededCurve, compare_at_most, compare_steps
from benchmark.report.break_even import break_even as break_even_of
from benchmark.report.context import context_of
from benchmark.report.crossing_intervals import CostInterval, TracedCurve, crossing_interval
from benchmark.report.curve_crossings import Points, compare_curves
from benchmark.report.sections import break_even, learning_curve
from benchmark.report.tables import Table
from benchmark.report.uncertainty import Uncertainty
from benchmark.statistics import student
from benchmark.statistics.bootstrap import bootstrap

COSTS = [10.0, 100.0, 1_000.0, 10_000.0]
NGRAM = [5.6, 5.2, 4.8, 4.4]
NETWORK = [6.2, 5.4, 4.6, 3.8]
BLOCKS = 60
TARGETS = np.full(BLOCKS, 200)


def losses_of(means: list[float], random: np.random.Generator, noise: float = 0.3) -> list[np.ndarray]:
    """Losses by block of a curve's rows, with a part that all rows share and one of each row."""
    shared = random.normal(0, noise, BLOCKS)
    return [TARGETS * (mean + shared + random.normal(0, noise, BLOCKS))[None, :] for mean in means]


def known_of(rows: list[np.ndarray], resamples: int = 10_000) -> Uncertainty:
    places = {number: place for place, number in enumerate(range(1, len(rows) + 1))}
    return Uncertainty("blocks", places, bootstrap(rows, TARGETS, resamples))


def traced(known: Uncertainty, numbers: range, costs: list[float]) -> TracedCurve:
    means = [math.exp(known.losses.means[known.places[number]]) for number in numbers]
    return TracedCurve.of(list(zip(costs, means, strict=True)), list(numbers))


def overtaken(first: Points, second: Points, compare: Compare) -> float:
    """From where on the first is below the second: −inf from the start, inf never."""
    met = compare(first, second)
    assert met is not None
    if met.first_led:
        return -math.inf
    return next((crossing.at for crossing in met.crossings if crossing.first_leads), math.inf)


@pytest.mark.parametrize("compare", [compare_curves, compare_at_most, compare_steps])
@pytest.mark.parametrize("costs", [COSTS, [40.0, 250.0, 3_000.0, 5_000.0]], ids=["same", "others"])
def test_it_is_that_of_every_draw_compared_by_itself(compare: Compare, costs: list[float]) -> None:
    random = np.random.default_rng(3)
    known = known_of(
        [*losses_of(NGRAM, random, 0.8), *losses_of(NETWORK, random, 0.8)], resamples=401
    )  # no quantile falls on the border of two draws
    ngram, network = traced(known, range(1, 5), COSTS), traced(known, range(5, 9), costs)
    first, second = (
        SeededCurve(list(zip(curve.costs, np.exp(curve.nats).tolist(), strict=True)), rows=curve.rows)
        for curve in (network, ngram)
    )
    even = break_even_of(first, second, compare, known)
    assert even is not None
    found = even.interval
    assert found is not None
    stretch = student.quantile(0.95, BLOCKS - 1) / 1.959964
    drawn = []
    for deviation in stretch * known.losses.deviations:
        one, other = (
            [
                (x, math.exp(y + deviation[known.places[row]]))
                for x, y, row in zip(curve.costs, curve.nats, curve.rows, strict=True)
            ]
            for curve in (network, ngram)
        )
        drawn.append(overtaken(one, other, compare))
    low, high = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


def test_it_covers_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    true = math.exp(np.interp(0, [-0.6, -0.2, 0.2, 0.6], np.log(COSTS)))  # 10^2.5
    covered = 0
    for _ in range(300):
        known = known_of([*losses_of(NGRAM, random), *losses_of(NETWORK, random)], resamples=600)
        found = crossing_interval(known, traced(known, range(5, 9), COSTS), traced(known, range(1, 5), COSTS))
        assert found is not None
        covered += found.low <= true <= found.high
    assert 0.92 <= covered / 300 <= 0.98  # 0.95 ± 2.4 standard errors


def test_a_lead_that_is_not_sure_reaches_from_the_start_to_never() -> None:
    random = np.random.default_rng(5)
    level = losses_of([5.0, 5.0], random)
    known = known_of([*level, *losses_of([5.001, 4.999], random)])
    network, ngram = traced(known, range(3, 5), COSTS[:2]), traced(known, range(1, 3), COSTS[:2])
    found = crossing_interval(known, network, ngram)
    assert found == CostInterval(-math.inf, math.inf)
    assert found.in_brackets(str) == " (95%: start to never)"
    known = known_of([*level, *(rows + 1_000 for rows in level)])
    behind = crossing_interval(known, traced(known, range(3, 5), COSTS[:2]), ngram)
    assert behind is not None
    assert behind.in_brackets(str) == ""


def test_rows_without_losses_and_curves_that_do_not_overlap_have_none() -> None:
    random = np.random.default_rng(6)
    known = known_of([*losses_of(NGRAM, random), *losses_of(NETWORK, random)])
    ngram, network = traced(known, range(1, 5), COSTS), traced(known, range(5, 9), COSTS)
    assert crossing_interval(None, network, ngram) is None
    assert crossing_interval(known, network, TracedCurve(ngram.costs, ngram.nats, (1, 2, 3, 99))) is None
    elsewhere = TracedCurve(tuple(1e6 * cost for cost in network.costs), network.nats, network.rows)
    assert crossing_interval(known, elsewhere, ngram) is None


def test_the_report_shows_it_beside_the_crossing(run, tmp_path) -> None:
    from test_report_learning_curve import KN5, LSTM, share

    random = np.random.default_rng(8)
    shared = random.normal(0, 0.2, BLOCKS)
    for model, family, values in (("kneser_ney", "count", KN5), ("lstm", "neural", LSTM)):
        for part, perplexity in values.items():
            own = random.normal(0, 0.02, BLOCKS)
            nats = math.log(perplexity) + shared - shared.mean() + own - own.mean()
            folder = run(model, model, family, perplexity, share(part), run_id=f"{model}{part}")
            write_blocks(folder, BlockLosses("blocks of 50 lines", TARGETS, TARGETS * nats))
    context = context_of(read_runs(tmp_path))
    curve, table = learning_curve.build(context), break_even.build(context)
    assert curve is not None
    assert table is not None
    figure = next(block for block in curve.blocks if isinstance(block, Figure))
    low, high = (figure.caption.split("(95%: ")[1].split(")")[0]).split(" to ")
    assert figure.caption.split("lstm passes kneser_ney at about ")[1].startswith("100,000 training tokens (")
    assert float(low.rstrip(" k")) < 100 < float(high.rstrip(" k"))
    rows = next(block for block in table.blocks if isinstance(block, Table)).groups[0].rows
    assert any(f"(95%: {low} to {high})" in cell.shown for row in rows for cell in row.cells)
