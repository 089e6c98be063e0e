"""Break-even against power laws whose crossing is known, by hand, and by brute force; then in the report."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_runs import PTB, config

from benchmark.measure.measures import TRAIN_SECONDS
from benchmark.record.folder import read_runs
from benchmark.report import build_report
from benchmark.report.break_even import (
    BreakEven,
    Measured,
    SeededCurve,
    SeedRange,
    break_even,
    compare_at_most,
    compare_steps,
    frontier,
)
from benchmark.report.context import context_of
from benchmark.report.curve_crossings import compare_curves
from benchmark.report.sections import break_even as section
from benchmark.report.sections.break_even import said

Curve = list[tuple[float, float]]


def power_law(factor: float, exponent: float, costs: list[float]) -> Curve:
    return [(cost, factor * cost**-exponent) for cost in costs]


def alone(*curves: Curve) -> list[SeededCurve]:
    return [SeededCurve(curve, (curve,)) for curve in curves]


@pytest.mark.parametrize("compare", [compare_curves, compare_at_most])
@pytest.mark.parametrize(("factor", "exponent"), [(900.0, 0.35), (2000.0, 0.5)])
def test_power_laws_cross_where_they_are_equal(compare: Any, factor: float, exponent: float) -> None:
    # a x^-b = c x^-d at x = (a / c)^(1 / (b - d)), wherever the two were measured
    slow = power_law(300.0, 0.1, [3.0, 40.0, 100_000.0])
    steep = power_law(factor, exponent, [2.0, 500.0, 6_000.0, 100_000.0])
    found = break_even(*alone(steep, slow), compare)
    assert found is not None
    at = (factor / 300.0) ** (1 / (exponent - 0.1))
    assert (found.outcome, found.at) == ("overtakes", pytest.approx(at))
    assert found.perplexity == pytest.approx(300.0 * at**-0.1)
    assert (found.begin, found.end) == (3.0, 100_000.0)
    other = break_even(*alone(slow, steep), compare)
    assert other is not None
    assert (other.outcome, other.until) == ("ahead", pytest.approx(at))


def test_behind_its_last_point_a_curve_of_at_most_is_level() -> None:
    cheap = [(1.0, 200.0), (10.0, 100.0)]
    # from (10, 400) to (1000, 25) in logarithms: 100 is half the way, at 10² = 100
    dear = [(10.0, 400.0), (1000.0, 25.0)]
    found = break_even(*alone(dear, cheap), compare_at_most)
    assert found == BreakEven("overtakes", 10.0, 1000.0, pytest.approx(100.0), pytest.approx(100.0))
    # over text, where more is not "at most", they are compared only where both were measured
    there = break_even(*alone(dear, cheap), compare_curves)
    assert there == BreakEven("never", 10.0, 10.0)
    assert break_even(*alone(dear, [(1.0, 200.0), (9.0, 100.0)]), compare_curves) is None


def test_never_ahead_throughout_level_and_a_lead_that_is_lost() -> None:
    flat = [(1.0, 100.0), (100.0, 100.0)]
    assert break_even(*alone([(5.0, 120.0)], flat), compare_at_most) == BreakEven("never", 5.0, 100.0)
    assert break_even(*alone([(5.0, 80.0)], flat), compare_at_most) == BreakEven("ahead", 5.0, 100.0)
    assert break_even(*alone(flat, flat), compare_at_most) == BreakEven("level", 1.0, 100.0)
    twice = [(1.0, 200.0), (100.0, 50.0), (10_000.0, 200.0)]
    found = break_even(*alone(twice, [(1.0, 100.0), (10_000.0, 100.0)]), compare_curves)
    assert found is not None
    assert (found.at, found.until) == (pytest.approx(10.0), pytest.approx(1000.0))


def test_steps_change_places_at_a_point() -> None:
    counted = [(1.0, 300.0), (2.0, 150.0), (50.0, 90.0)]
    neural = [(4.0, 200.0), (8.0, 120.0), (90.0, 60.0)]
    found = break_even(*alone(neural, counted), compare_steps)
    assert found == BreakEven("overtakes", 4.0, 90.0, 8.0, 120.0, until=50.0)
    assert break_even(*alone([(60.0, 95.0)], counted), compare_steps) == BreakEven("never", 60.0, 60.0)
    assert break_even(*alone([(2.0, 95.0)], counted), compare_steps) == BreakEven(
        "ahead", 2.0, 50.0, until=50.0
    )


steps = st.lists(
    st.tuples(st.integers(1, 60), st.integers(2, 9)), min_size=1, max_size=6, unique_by=lambda p: p[0]
).map(sorted)


@given(steps, steps)
def test_steps_against_every_cost(first: Curve, second: Curve) -> None:
    found = break_even(*alone(first, second), compare_steps)
    assert found is not None

    def at(curve: Curve, cost: float) -> float:
        return max(point for point in curve if point[0] <= cost)[1]

    costs = range(max(first[0][0], second[0][0]), 61)
    gaps = [(cost, at(first, cost) - at(second, cost)) for cost in costs]
    led = next((gap < 0 for _, gap in gaps if gap), None)
    ahead = [cost for cost, gap in gaps if gap < 0]
    assert found.outcome == (
        "level" if led is None else "ahead" if led else "overtakes" if ahead else "never"
    )
    if found.outcome == "overtakes":
        assert found.at == ahead[0]
        assert found.until == next((cost for cost, gap in gaps if gap > 0 and cost > ahead[0]), None)


costs_and_perplexities = st.lists(
    st.tuples(st.integers(1, 9), st.integers(2, 9), st.integers(2, 9)).map(lambda each: Measured(*each)),
    min_size=1,
    max_size=8,
)


@given(costs_and_perplexities)
def test_the_frontier_is_what_validation_chooses_for_at_most_each_cost(found: list[Measured]) -> None:
    kept = frontier(found)
    for most in range(min(each.cost for each in found), 10):
        best = min(each.valid for each in found if each.cost <= most)
        chosen = [each for each in kept if each.cost <= most][-1]
        assert chosen.valid == best
        assert chosen in found


def test_the_range_is_that_of_single_seeds() -> None:
    flat = [(1.0, 100.0), (1000.0, 100.0)]
    seeds = [[(1.0, 200.0), (1000.0, 200.0 * 2.0**-k)] for k in (3, 2, 0)]
    mean = [(1.0, 200.0), (1000.0, (25.0 + 50.0 + 200.0) / 3)]
    found = break_even(SeededCurve(mean, tuple(seeds)), SeededCurve(flat, (flat,)), compare_curves)
    assert found is not None
    # of k halvings over three powers of ten, the first is at 1000^(1 / k); the third seed never gets there
    assert found.range == SeedRange(3, 2, pytest.approx(10.0), pytest.approx(1000**0.5))
    assert said(found, TRAIN_SECONDS).endswith(" (2 of 3 seeds: 10.0 s–31.6 s)")
    single = break_even(*alone(seeds[0], flat), compare_curves)
    assert single is not None
    assert single.range is None


# --- in the report ---

SIZES = {1 / 64: 14_525, 1 / 4: 232_397, 1: 929_589}
NETWORK = {1 / 64: (400.0, 8.0), 1 / 4: (160.0, 90.0), 1: (110.0, 400.0)}
COUNTED = {1 / 64: (330.0, 0.2, 1.0), 1 / 4: (180.0, 2.0, 8.0), 1: (141.2, 8.0, 32.0)}
BY_SECONDS = "tokens,valid_perplexity,seconds\n100000,400,40\n400000,180,160\n800000,115,320\n"


@pytest.fixture
def sweep(run: Callable[..., Path]) -> Callable[..., None]:
    """A network and a Kneser-Ney model at three sizes, with what each costs; perplexities on validation text
    are those on test text."""

    def write(seeds: tuple[int, ...] = (1,), curve: str = BY_SECONDS, **network: Any) -> None:
        for part, (ppl, seconds, megabytes) in COUNTED.items():
            costs = {"train_seconds": seconds, "bytes_in_memory": int(megabytes * 1e6)}
            run("kn", "KN", "count", ppl, share(part), run_id=f"k{part}", valid_perplexity=ppl, **costs)
        for part, (ppl, seconds) in NETWORK.items():
            for seed in seeds:
                more = {"curve_csv": curve} if part == 1 and curve else {}
                run(
                    "lstm",
                    "LSTM",
                    "neural",
                    ppl + 4 * (seed - 1),
                    share(part),
                    run_id=f"l{part}-{seed}",
                    seed=seed,
                    config_yaml=config("lstm", seed=seed),
                    **{
                        "valid_perplexity": ppl + 4 * (seed - 1),
                        "train_seconds": seconds,
                        "bytes_in_memory": 4_000_000,
                        **network,
                    },
                    **more,
                )

    return write


def share(part: float) -> dict[str, Any]:
    return {**PTB, "train_share": part, "train_targets": SIZES[part]}


def built(folder: Path) -> Any:
    return section.build(context_of(read_runs(folder)))


def rows(folder: Path) -> dict[str, dict[str, str]]:
    """By `along`, what a reader sees in each column."""
    table = next(block for block in built(folder).blocks if block.kind == "table")
    shown = [(i, table.columns[i].title) for i in table.visible("key")]
    found = [{title: row.cells[i].shown for i, title in shown} for row in table.groups[0].rows]
    return {row["Along"]: row for row in found}


def between(low: tuple[float, float, float], high: tuple[float, float, float]) -> float:
    """Where two lines in logarithms cross, each given at two costs: (cost, first, second)."""
    gaps = [math.log(first / second) for _, first, second in (low, high)]
    return low[0] * (high[0] / low[0]) ** (gaps[0] / (gaps[0] - gaps[1]))


def test_each_cost_by_hand(sweep: Callable[..., None], tmp_path: Path) -> None:
    sweep()
    found = rows(tmp_path)
    tokens = between((14_525, 400.0, 330.0), (232_397, 160.0, 180.0))
    # in seconds the n-gram model is finished by then, at 141.2
    seconds = between((90.0, 160.0, 141.2), (400.0, 110.0, 141.2))
    # at 4 MB the network has 110, and the n-gram model more: it is half the way from 1 to 8 MB, or 2/3
    assert found["text"] == {
        "Network": "LSTM",
        "n-gram model": "KN",
        "Along": "text",
        "Training tokens": f"{tokens / 1000:.1f} k" if tokens < 99_950 else f"{tokens / 1000:.0f} k",
        "Training": f"{seconds / 60:.2f} min",
        "Memory": "ahead from 4.00 MB",
    }
    read = between((400_000, 180.0, 141.2), (800_000, 115.0, 141.2))
    spent = between((160.0, 180.0, 141.2), (320.0, 115.0, 141.2))
    assert found["training"]["Training tokens"] == f"{read / 1000:.0f} k"
    assert found["training"]["Training"] == f"{spent / 60:.2f} min"
    assert found["training"]["Memory"] == "–"
    assert found["choice"]["Training"] == "6.67 min"
    assert found["choice"]["Memory"] == "ahead from 4.00 MB"


def test_energy_is_compared_where_the_same_parts_were_counted(
    sweep: Callable[..., None], run: Callable[..., Path], tmp_path: Path
) -> None:
    sweep(train_joules=900.0, train_joules_of="CPU package")
    assert "Training energy" not in rows(tmp_path)["text"]
    cpu = {"train_joules": 30.0, "train_joules_of": "CPU package"}
    run("kn", "KN", "count", 130.0, share(1), run_id="j", config_yaml=config("kn", order=6), **cpu)
    assert rows(tmp_path)["choice"]["Training energy"] == "ahead from 900 J"


def test_other_machines_and_old_curves_have_no_verdict_in_seconds(
    sweep: Callable[..., None], tmp_path: Path
) -> None:
    sweep(curve="tokens,valid_perplexity\n100000,400\n800000,115\n", device_name="Another")
    found = rows(tmp_path)
    assert "Training" not in found["text"]
    assert found["text"]["Memory"] == "ahead from 4.00 MB"
    assert found["training"]["Training tokens"] != "–"
    names = [block.name for block in built(tmp_path).blocks if block.kind == "figure"]
    assert names == ["equal_bytes_in_memory_ptb"]


def test_over_text_seconds_are_those_of_the_machine_that_ran_all_of_it(
    sweep: Callable[..., None], tmp_path: Path
) -> None:
    sweep()
    for path in tmp_path.glob("runs/*/lstm/*/result.json"):
        record = json.loads(path.read_text())
        if record["train_share"] == 1:
            path.write_text(json.dumps({**record, "device_name": "Another"}))
    assert rows(tmp_path)["text"].get("Training", "–") == "–"


def test_seeds_give_a_range_and_the_csv_has_the_numbers(sweep: Callable[..., None], tmp_path: Path) -> None:
    sweep(seeds=(1, 2, 3))
    low = between((14_525, 400.0, 330.0), (232_397, 160.0, 180.0))
    high = between((14_525, 408.0, 330.0), (232_397, 168.0, 180.0))
    out = tmp_path / "report"
    build_report(tmp_path, out, lambda line: None)
    with (out / "tables" / "break_even.csv").open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["along"] == "text")
    assert row["train_targets_outcome"] == "overtakes"
    assert float(row["train_targets_low"]) == pytest.approx(low)
    assert float(row["train_targets_high"]) == pytest.approx(high)
    assert low < float(row["train_targets"]) < high
    assert (row["train_targets_seeds"], row["train_targets_seeds_overtaking"]) == ("3", "3")
    assert row["bytes_in_memory_outcome"] == "ahead"
    for page in ("index.html", "report.md"):
        assert "a range is no interval" in (out / page).read_text(encoding="utf-8")
    for name in ("equal_bytes_in_memory", "equal_train_seconds", "training_time"):
        assert (out / "figures" / f"{name}_ptb.svg").is_file()
    with (out / "figures" / "equal_train_seconds_ptb.csv").open(encoding="utf-8", newline="") as file:
        steps = [(row["family"], float(row["train_seconds"])) for row in csv.DictReader(file)]
    assert [cost for family, cost in steps if family == "n-gram"] == [0.2, 2.0, 8.0]


def test_one_family_alone_has_no_break_even(run: Callable[..., Path], tmp_path: Path) -> None:
    run("kn", "KN", "count", 141.0)
    run("kn", "KN 2", "count", 151.0, config_yaml=config("kn", order=2))
    assert built(tmp_path) is None
