"""Perplexity by training-set size: which rows make a line, where lines cross, and how that is said."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from synthetic_runs import PTB, config, unfinished, write_run

from benchmark.record.folder import read_runs
from benchmark.report import build_report, comparison_table
from benchmark.report.context import context_of
from benchmark.report.curve_crossings import Crossing, CurveComparison, compare_curves, comparison_sentence
from benchmark.report.sections import learning_curve

SIZES = {1 / 64: 14_525, 1 / 16: 58_099, 1 / 4: 232_397, 1: 929_589}
LSTM = {1 / 64: 400.0, 1 / 16: 260.0, 1 / 4: 160.0, 1: 110.0}
KN5 = {1 / 64: 330.0, 1 / 16: 240.0, 1 / 4: 180.0, 1: 141.2}


def share(part: float) -> dict[str, Any]:
    return {**PTB, "train_share": part, "train_targets": SIZES[part]}


@pytest.fixture
def sweep(run):
    """Runs of an LSTM and a Kneser-Ney model at four sizes; it is passed between the second and the third."""

    def write(lstm=LSTM, counted=KN5, seeds=(1,)):
        for part, ppl in counted.items():
            run("kneser_ney", "Kneser-Ney 5-gram", "count", ppl, share(part), run_id=f"kn{part}")
        for part, ppl in lstm.items():
            for seed in seeds:
                run(
                    "lstm",
                    "LSTM, 1 × 128",
                    "neural",
                    ppl + 2 * (seed - 1),
                    share(part),
                    seed=seed,
                    run_id=f"l{part}-{seed}",
                    config_yaml=config("lstm", seed=seed, dropout=0.5 if part < 1 else 0.0),
                )

    return write


def section(folder):
    return learning_curve.build(context_of(read_runs(folder)))


def drawn(found):
    return next(block for block in found.blocks if block.kind == "figure")


def tabled(found):
    return next(block for block in found.blocks if block.kind == "table")


def shown(found) -> dict[str, list[str]]:
    rows = tabled(found).groups[0].rows
    return {row.cells[0].shown: [cell.shown for cell in row.cells[1:]] for row in rows}


def test_the_crossing_stands_in_caption_and_alternative_text(sweep, tmp_path):
    sweep()
    found = drawn(section(tmp_path))
    # ln(260/240) / (ln(260/240) + ln(180/160)) of the way from 58,099 to 232,397 in logarithms
    share = math.log(260 / 240) / (math.log(260 / 240) + math.log(180 / 160))
    tokens = 58_099 * (232_397 / 58_099) ** share
    assert f"{tokens:,.0f}"[:2] == "10"
    said = "LSTM, 1 × 128 passes Kneser-Ney 5-gram at about 100,000 training tokens."
    assert said in found.caption
    assert said in found.alt
    assert "Dotted lines mark where the lead changes." in found.caption


def test_models_that_never_cross_are_said_to_lead_throughout(sweep, tmp_path):
    sweep(lstm={part: ppl * 2 for part, ppl in LSTM.items()})
    found = drawn(section(tmp_path))
    said = "Kneser-Ney 5-gram is ahead of LSTM, 1 × 128 throughout, from 15,000 to 930,000 training tokens."
    assert said in found.caption
    assert said in found.alt
    assert "Dotted lines" not in found.caption


def test_networks_are_compared_with_kneser_ney_and_with_the_best(sweep, run, tmp_path):
    sweep()
    for part, ppl in KN5.items():  # with a cache, n-grams are ahead of both networks at every size
        run("goodman", "Goodman's combination", "count", 0.6 * ppl, share(part), run_id=f"g{part}")
        run("rnn", "Elman RNN", "neural", 1.2 * ppl, share(part), run_id=f"r{part}")
    caption = drawn(section(tmp_path)).caption
    assert "LSTM, 1 × 128 passes Kneser-Ney 5-gram at about 100,000 training tokens." in caption
    assert "Kneser-Ney 5-gram is ahead of Elman RNN throughout" in caption
    assert "Goodman's combination is ahead of every network throughout, from 15,000 to 930,000" in caption
    assert caption.count("Goodman's combination is") == 1


def test_every_crossing_is_marked_in_the_figure(sweep, tmp_path):
    from benchmark.report.figures.style import styled

    sweep(lstm={1 / 64: 400.0, 1 / 16: 230.0, 1 / 4: 190.0, 1: 110.0})  # behind, ahead, behind, ahead
    with styled():
        (axes,) = drawn(section(tmp_path)).draw().axes
    rings = sorted(line.get_xdata()[0] for line in axes.lines if line.get_markersize() == 5)
    assert len(rings) == 3
    for tokens, (low, high) in zip(rings, pairwise(sorted(SIZES.values())), strict=True):
        assert low < tokens < high
    assert sum("passes" in drawn.get_text() for drawn in axes.texts) == 3


def test_perplexity_is_shown_as_a_ratio_to_kneser_ney(sweep, run, tmp_path):
    sweep()
    for part, ppl in KN5.items():  # a better n-gram model is not what others are divided by
        run("infinity_gram", "∞-gram", "count", 0.9 * ppl, share(part), run_id=f"i{part}")
    ratio = next(b for b in section(tmp_path).blocks if b.kind == "figure" and "ratio" in b.name)
    assert ratio.title.endswith("relative to Kneser-Ney 5-gram")
    found: dict[str, list[float]] = {}
    for row in ratio.data.groups[0].rows:
        found.setdefault(row.cells[0].shown, []).append(row.cells[2].value)
    assert found.keys() == {"LSTM, 1 × 128", "∞-gram"}
    assert found["LSTM, 1 × 128"] == [pytest.approx(LSTM[part] / KN5[part]) for part in sorted(SIZES)]
    assert found["∞-gram"] == [pytest.approx(0.9)] * 4


def test_rows_of_a_share_are_not_ranked_and_leave_the_labels_of_the_whole_alone(sweep, tmp_path):
    sweep()
    context = context_of(read_runs(tmp_path))
    (group,) = context.ranked_groups
    assert [row.label for row in group.rows] == ["LSTM, 1 × 128", "Kneser-Ney 5-gram"]
    assert [row.rank for row in group.rows] == [1, 2]
    ranks, _, shares = comparison_table(read_runs(tmp_path)).partition("share of the training text:")
    assert ranks.count("LSTM") == 1
    assert "LSTM, 1 × 128, 25.0% of the training text on ptb: 160.0" in shares


def test_the_table_has_every_size_with_the_range_of_seeds(sweep, tmp_path):
    sweep(seeds=(1, 2, 3))
    found = shown(section(tmp_path))
    assert found["Kneser-Ney 5-gram"] == ["330.0", "240.0", "180.0", "141.2"]
    assert found["LSTM, 1 × 128"][0] == "402.0 (400.0–404.0)"
    assert "mean over seeds" in drawn(section(tmp_path)).caption


def test_of_several_settings_at_a_size_validation_chooses(sweep, run, tmp_path):
    sweep()
    worse_on_test = {"valid_perplexity": 1.0, "run_id": "chosen", "config_yaml": config("lstm", dropout=0.1)}
    run("lstm", "LSTM, 1 × 128", "neural", 180.0, share(1 / 4), **worse_on_test)
    assert shown(section(tmp_path))["LSTM, 1 × 128"] == ["400.0", "260.0", "180.0", "110.0"]


def test_whole_rows_alone_make_no_section(run, tmp_path):
    run("kneser_ney", "Kneser-Ney 3-gram", "count", 148.3)
    run("kneser_ney", "Kneser-Ney 5-gram", "count", 141.2, train_share=1)
    assert section(tmp_path) is None


def test_one_family_alone_has_a_figure_without_a_verdict(sweep, tmp_path):
    sweep(lstm={})
    found = drawn(section(tmp_path))
    assert "passes" not in found.caption
    assert "throughout" not in found.alt


def test_a_model_without_probability_for_some_targets_makes_no_line(sweep, run, tmp_path):
    sweep()
    for part in SIZES:
        run("mle", "Maximum likelihood", "count", 50.0, share(part), test_perplexity="inf", run_id=f"m{part}")
    assert list(shown(section(tmp_path))) == ["LSTM, 1 × 128", "Kneser-Ney 5-gram"]


def test_corpora_have_figures_of_their_own(sweep, run, tmp_path):
    sweep()
    other = {"corpus": "other", "corpus_title": "Other", "protocol_id": "ffffffffffff"}
    for part in (1 / 4, 1):
        run("kn", "KN", "count", 90.0 / part, {**share(part), **other}, run_id=f"o{part}")
    found = [block.name for block in section(tmp_path).blocks if block.kind == "figure"]
    assert sorted(found) == ["learning_curve_other", "learning_curve_ptb", "learning_curve_ratio_ptb"]


def test_a_failed_run_of_a_share_is_not_hidden_by_the_whole(sweep, tmp_path):
    sweep(lstm={1: 110.0})
    failed = unfinished("lstm", "failed", "out of memory", train_share=0.25, run_id="broken")
    write_run(tmp_path, {**failed, "label": "LSTM, 1 × 128"}, config_yaml=config("lstm", dropout=0.0))
    rows = context_of(read_runs(tmp_path)).rows
    assert [row.train_share for row in rows if not row.done] == [0.25]


def test_the_figure_is_written_with_its_data(sweep, tmp_path):
    sweep(seeds=(1, 2))
    out = tmp_path / "report"
    build_report(tmp_path, out, lambda line: None)
    with (out / "figures" / "learning_curve_ptb.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 + 2 * 4
    first = next(row for row in rows if row["label"].startswith("LSTM") and row["seed"] == "2")
    assert (first["train_share"], first["train_targets"]) == ("0.015625", "14525")
    assert float(first["test_perplexity"]) == 402.0
    svg = (out / "figures" / "learning_curve_ptb.svg").read_text(encoding="utf-8")
    assert "training tokens" in svg
    assert "Kneser-Ney 5-gram" in svg
    assert " at 110,000" in svg


def test_turns_are_said_in_order():
    there = Crossing(1000.0, 200.0, True)
    back = Crossing(50_000.0, 150.0, False)
    again = Crossing(412_345.0, 100.0, True)
    said = comparison_sentence(
        "The LSTM", "Kneser-Ney", CurveComparison(100.0, 1e6, False, (there, back, again))
    )
    assert said == (
        "The LSTM passes Kneser-Ney at about 1,000 training tokens, falls behind from about 50,000 on and "
        "is ahead again from about 410,000 on."
    )
    other_way = comparison_sentence("The LSTM", "Kneser-Ney", CurveComparison(100.0, 1e6, True, (back,)))
    assert other_way == "Kneser-Ney passes The LSTM at about 50,000 training tokens."


def test_equal_curves_and_ranges_that_do_not_meet():
    points = [(1.0, 9.0), (10.0, 5.0)]
    same = compare_curves(points, points)
    assert same is not None
    assert comparison_sentence("A", "B", same) == "A and B are level throughout."
    assert compare_curves(points, [(20.0, 9.0), (30.0, 5.0)]) is None


def test_touching_is_not_crossing():
    flat = [(1.0, 100.0), (10.0, 100.0), (100.0, 100.0)]
    touching = compare_curves([(1.0, 200.0), (10.0, 100.0), (100.0, 200.0)], flat)
    assert touching is not None
    assert touching.crossings == ()
    together = compare_curves([(1.0, 200.0), (5.0, 100.0), (10.0, 100.0), (100.0, 50.0)], flat)
    assert together is not None
    assert [crossing.at for crossing in together.crossings] == pytest.approx([5.0])


curves = st.lists(
    st.tuples(st.integers(1, 10**9), st.floats(1.0, 1e4)),
    min_size=1,
    max_size=8,
    unique_by=lambda point: point[0],
).map(sorted)


def on(points, place: float) -> float:
    """Brute force: the logarithm of perplexity at a logarithm of tokens."""
    return float(np.interp(place, [math.log(x) for x, _ in points], [math.log(y) for _, y in points]))


@given(curves, curves)
def test_crossings_are_where_a_fine_grid_changes_sides(first, second):
    met = compare_curves(first, second)
    assume(met is not None)
    low, high = math.log(met.begin), math.log(met.end)
    for crossing in met.crossings:
        place = math.log(crossing.at)
        assert low - 1e-9 <= place <= high + 1e-9
        assert on(first, place) == pytest.approx(on(second, place), abs=1e-6)
        assert math.log(crossing.perplexity) == pytest.approx(on(first, place), abs=1e-6)
    grid = [low + (high - low) * step / 400 for step in range(401)]
    for place in grid:
        gap = on(first, place) - on(second, place)
        if abs(gap) > 1e-6:
            turns = sum(math.log(crossing.at) < place for crossing in met.crossings)
            assert (gap < 0) == (met.first_led if turns % 2 == 0 else not met.first_led)
    sides = [met.first_led, *(crossing.first_leads for crossing in met.crossings)]
    assert all(before != after for before, after in pairwise(sides))


@given(curves, curves)
def test_the_order_of_two_curves_does_not_matter(first, second):
    one, other = compare_curves(first, second), compare_curves(second, first)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        here = [crossing.at for crossing in one.crossings]
        assert [crossing.at for crossing in other.crossings] == pytest.approx(here)
