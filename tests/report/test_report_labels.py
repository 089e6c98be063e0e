"""Names in figures keep clear of each other."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st

heights = st.lists(st.floats(0, 100), min_size=1, max_size=8).map(sorted)


@given(heights)
def test_labels_at_the_right_are_a_step_apart_and_in_bounds(wanted):
    from benchmark.report.figures.label_geometry import spread_apart

    placed = spread_apart(wanted, 10.0, 0.0, 100.0)
    assert len(placed) == len(wanted)
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(placed))
    assert placed[0] >= -1e-9
    assert placed[-1] <= 100 + 1e-9


@given(heights)
def test_labels_with_room_stay_where_they_want_to_be(wanted):
    from benchmark.report.figures.label_geometry import spread_apart

    roomy = [height + 20 * index for index, height in enumerate(wanted)]
    assert spread_apart(roomy, 10.0, 0.0, 1000.0) == roomy


def test_the_front_holds_what_no_other_point_beats():
    from benchmark.report.figures.pareto import Point, front

    points = [
        Point(i, str(i), "count", c, p) for i, (c, p) in enumerate([(1, 9), (2, 5), (3, 7), (4, 4), (2, 6)])
    ]
    assert [p.row for p in front(points, more_is_better=False)] == [0, 1, 3]
    assert [p.row for p in front(points, more_is_better=True)] == [3]


def test_winners_are_named_first_then_the_front_by_what_it_gains():
    from benchmark.report.figures.pareto import Point, front, to_name

    places = [(1, 90, "count"), (2, 80, "count"), (3, 40, "neural"), (4, 39, "count"), (5, 70, "neural")]
    points = [Point(i, str(i), family, c, p, winner=i == 4) for i, (c, p, family) in enumerate(places)]
    best = front(points, more_is_better=False)
    assert [p.row for p in best] == [0, 1, 2, 3]
    # the winner; the lowest of each family, the lower first; the cheapest; what else the front gains
    assert [p.row for p in to_name(points, best)] == [4, 3, 2, 0, 1]


def test_labels_beside_points_do_not_overlap():
    from benchmark.report.figures.labels import Label, beside_points
    from benchmark.report.figures.style import canvas, margins, styled

    with styled():
        figure, axes = canvas()
        margins(figure, 52, 14)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        marks = [(0.3 + 0.04 * i, 0.5 + 0.05 * (i % 3)) for i in range(12)]
        labels = [Label(f"a rather long name {i}", x, y) for i, (x, y) in enumerate(marks)]
        left_out = beside_points(axes, labels, marks)
        boxes = [drawn.get_window_extent() for drawn in axes.texts]
    assert len(boxes) + len(left_out) == 12
    assert len(boxes) > 4
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])


def nearest(box, marks) -> int:
    low, high = np.array([box.x0, box.y0]), np.array([box.x1, box.y1])
    return int(np.argmin([np.hypot(*(np.clip(mark, low, high) - mark)) for mark in marks]))


@few
@given(st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9)), min_size=3, max_size=12, unique=True))
def test_a_name_is_joined_to_its_own_mark_or_stands_nearest_to_it(places):
    from benchmark.report.figures.label_geometry import LED
    from benchmark.report.figures.labels import Label, beside_points
    from benchmark.report.figures.style import canvas, styled

    with styled():
        _, axes = canvas()
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        labels = [Label(f"model {i}", x, y) for i, (x, y) in enumerate(places)]
        beside_points(axes, labels, places)
        marks = axes.transData.transform(places)
        boxes = {int(drawn.get_text().split()[1]): drawn.get_window_extent() for drawn in axes.texts}
        ends = [line.get_transform().transform(line.get_xydata())[0] for line in axes.lines]
    for index, box in boxes.items():
        gap = np.hypot(*(np.clip(marks[index], [box.x0, box.y0], [box.x1, box.y1]) - marks[index]))
        joined = any(np.allclose(end, marks[index], atol=0.01) for end in ends)
        assert joined or (gap <= LED + 0.01 and np.allclose(marks[nearest(box, marks)], marks[index], atol=3))


def test_a_label_prefers_the_side_away_from_other_marks():
    from benchmark.report.figures.labels import Label, beside_points
    from benchmark.report.figures.style import canvas, styled

    with styled():
        _, axes = canvas()
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        others = [(0.6, 0.5), (0.66, 0.53), (0.6, 0.45)]  # to the right of it, where a name stands by default
        beside_points(axes, [Label("own", 0.5, 0.5)], [(0.5, 0.5), *others])
        box = axes.texts[0].get_window_extent()
        marks = axes.transData.transform([(0.5, 0.5), *others])
    assert nearest(box, marks) == 0
    assert box.x1 < marks[1][0]


def line_chart_of(lines, **more):
    from benchmark.report.figures.lines import line_chart
    from benchmark.report.figures.style import styled

    with styled():
        return line_chart(lines, xlabel="x", ylabel="y", log_y=True, **more)[1]


def test_a_line_that_leaves_the_axes_is_cut_with_a_mark_and_a_note():
    from benchmark.report.figures.lines import Line

    inside = Line(1, "stays", "count", (((1, 10), (3, 11)),))
    leaves = Line(2, "leaves", "count", (((1, 10), (2, 1000), (3, 2380)),))
    axes = line_chart_of([inside, leaves], ceiling=100.0)
    top = axes.get_ylim()[1]
    assert top == pytest.approx(106)
    edge = [line for line in axes.lines if line.get_marker() == "^"]
    # ln(106/10) / ln(1000/10) of the way from 1 to 2, as the axis is logarithmic
    assert [line.get_xdata()[0] for line in edge] == [pytest.approx(1 + np.log(10.6) / np.log(100), abs=1e-6)]
    said = [drawn.get_text() for drawn in axes.texts]
    assert "▲ leaves: up to 2,380" in said
    assert [name for name in said if "leaves" in name] == ["▲ leaves: up to 2,380"]
    across = [line for line in axes.lines if np.allclose(line.get_ydata(), top) and len(line.get_xdata()) > 1]
    assert across == []


def test_a_line_that_only_begins_above_the_axes_keeps_its_name_at_its_end():
    from benchmark.report.figures.edge import LEGEND
    from benchmark.report.figures.lines import Line

    falls = Line(1, "falls", "neural", (((1, 900), (2, 20), (3, 10)),))
    said = [drawn.get_text() for drawn in line_chart_of([falls], ceiling=50.0).texts]
    assert sorted(said) == sorted(["falls", LEGEND])


@few
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8))
def test_leaders_at_the_right_cross_no_name_and_no_other_leader(ends):
    from benchmark.report.figures.labels import LEADER, Label, at_right, wrapped
    from benchmark.report.figures.style import canvas, margins, styled

    with styled():
        figure, axes = canvas()
        margins(figure, 50, 150)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        names = [wrapped(f"mixture {i}" + i % 2 * " with a name of two lines") for i in range(len(ends))]
        at_right(axes, [Label(name, x, y) for name, (x, y) in zip(names, ends, strict=True)])
        boxes = [drawn.get_window_extent() for drawn in axes.texts]
        leaders = [line.get_window_extent() for line in axes.lines if line.get_linewidth() == LEADER]
        paths = [line.get_transform().transform(line.get_xydata()) for line in axes.lines]
    assert len(leaders) == len(boxes) == len(ends)
    assert max(leader.x1 for leader in leaders) < min(box.x0 for box in boxes)
    assert all(min(a.y1, b.y1) - max(a.y0, b.y0) < 2 for a, b in combinations(boxes, 2))
    gutter = sorted((path[-2:, 1] for path in paths), key=lambda ys: (ys[0].round(6), ys[1]))
    assert all(low[1] <= high[1] + 1e-6 for low, high in pairwise(gutter))


@pytest.mark.parametrize("name", ["Add-0.01 4-gram", "∞-gram, classes, cache and LSTM, weights by history"])
def test_long_names_take_two_lines_and_lose_no_word(name):
    from benchmark.report.figures.labels import wrapped

    lines = wrapped(name, 30).split("\n")
    assert " ".join(lines) == name
    assert max(map(len, lines)) <= 30


def test_a_name_too_long_for_two_lines_says_so():
    from benchmark.report.figures.labels import wrapped

    assert wrapped("word " * 40).endswith("…")
    assert wrapped("word " * 40).count("\n") == 1


@given(st.text(max_size=60).filter(str.strip), st.integers(1, 3))
def test_what_stands_at_the_end_of_a_name_is_never_cut(name, lines):
    from benchmark.report.figures.labels import wrapped

    shown = wrapped(name, 26, lines, " [AB]").split("\n")
    assert shown[-1].endswith(" [AB]")
    assert len(shown) <= lines
    assert max(map(len, shown)) <= 26


def crowd(seed: int):
    """Many models of three families, most of them in two heaps."""
    from benchmark.report.figures.pareto import Point

    random = np.random.default_rng(seed)
    heaps = [("count", 0, 5.0, 60), ("neural", 3, 4.7, 25), ("mixture", 4, 4.4, 4)]
    points = []
    for family, cost, height, many in heaps:
        costs = np.exp(np.log(10) * cost + random.normal(0, 1, many))
        heights = np.exp(height + np.abs(random.normal(0, 0.12, many)))
        rows = range(len(points) + 1, len(points) + 1 + many)
        points += [
            Point(r, f"{family} model with a long name, {r}", family, c, h, h == heights.min(), " [A]")
            for r, c, h in zip(rows, costs, heights, strict=True)
        ]
    return points


@pytest.mark.parametrize("seed", range(6))
def test_the_winner_of_each_family_is_named_however_crowded_a_figure_is(seed):
    from benchmark.measure.measures import BY_KEY
    from benchmark.report.figures.pareto import pareto
    from benchmark.report.figures.style import styled

    points = crowd(seed)
    with styled():
        figure = pareto(points, BY_KEY["train_seconds"])
        texts = [drawn for drawn in figure.axes[0].texts if drawn.get_gid()]
        boxes = [drawn.get_window_extent() for drawn in texts]
    named = {drawn.get_gid() for drawn in texts}
    assert {f"row-{point.row}-9" for point in points if point.winner} <= named
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


@given(
    st.tuples(*[st.floats(-20, 20)] * 4),
    st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=1, max_size=4),
)
def test_a_leader_that_crosses_a_box_is_found(ends, corners):
    """Against points along it."""
    from benchmark.report.figures.label_geometry import BESIDE, _crosses

    segment = np.array(ends).reshape(2, 2)
    boxes = np.array([[x, y, x + 5, y + 3] for x, y in corners])
    along = segment[0] + np.linspace(0, 1, 400)[:, None, None] * (segment[1] - segment[0])

    def met(distance):
        inside = (along > boxes[:, :2] - distance) & (along < boxes[:, 2:] + distance)
        return inside.all(2).any(0)

    found = _crosses(segment[:1], segment[1:], boxes)[0]
    if np.hypot(*(segment[1] - segment[0])):
        assert found[met(BESIDE - 0.2)].all()
        assert not found[~met(BESIDE + 0.2)].any()
    else:
        assert not found.any()


#: What eyes without red cones, and without green ones, make of linear RGB (Machado et al. 2009, table 1).
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colour: str, eyes: str) -> np.ndarray:
    """CIE Lab (D65) of a hex colour as these eyes see it."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(EYES[eyes] @ linear, 0, 1) / (0.95047, 1.0, 1.08883)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", list(EYES))
@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
def test_hues_are_told_apart_by_every_common_kind_of_eye(eyes, theme):
    from benchmark.report import palette

    colours = getattr(palette, theme)

    def apart(names) -> float:
        return min(
            np.linalg.norm(lab(colours[a], eyes) - lab(colours[b], eyes)) for a, b in combinations(names, 2)
        )

    assert apart(palette.FAMILIES.values()) > 25
    assert apart(palette.SERIES["count"]) > 15


@few
@given(
    st.floats(1.5, 5e9).map(lambda high: (-0.05 * high, 1.05 * high)),
    st.floats(60, 250),
)
def test_labels_of_a_linear_axis_keep_clear_of_each_other(limits, room):
    from benchmark import text
    from benchmark.report.figures import style

    with style.styled():
        figure, axes = style.canvas()
        style.margins(figure, 52, style.WIDTH - 52 - room)
        axes.set_xlim(*limits)
        style.linear_x_axis(axes, text.amount)
    labels = axes.get_xticklabels()
    boxes = [label.get_window_extent() for label in labels]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert 2 <= len(boxes) <= 6
    assert axes.get_xlim() == limits
    assert all(axes.get_window_extent().x0 <= (box.x0 + box.x1) / 2 for box in boxes)


@few
@given(st.floats(0.01, 1e6), st.floats(1.05, 1e5), st.floats(60, 250), st.booleans())
def test_labels_of_a_logarithmic_axis_keep_clear_of_each_other(low, span, room, seconds):
    from benchmark import text
    from benchmark.report.figures import style

    with style.styled():
        figure, axes = style.canvas()
        style.margins(figure, 52, style.WIDTH - 52 - room)
        axes.set_xlim(low, low * span)
        style.log_axis(axes, "x", text.duration if seconds else (lambda value: text.significant(value, 3)))
    labels = [label for label in axes.get_xticklabels() if label.get_text()]
    boxes = [label.get_window_extent() for label in labels]
    if len(boxes) > 2:  # of two, one would say nothing
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert axes.get_xlim() == (low, low * span)


@few
@given(st.floats(0.05, 5e4), st.floats(1.0002, 1.3), st.sampled_from("xy"), st.booleans())
def test_no_two_ticks_of_a_logarithmic_axis_are_written_alike(low, span, which, perplexities):
    from benchmark import text
    from benchmark.report.figures import style

    with style.styled():
        figure, axes = style.canvas()
        style.margins(figure, 56, 14)
        (axes.set_xlim if which == "x" else axes.set_ylim)(low, low * span)
        show = text.perplexity if perplexities else (lambda value: text.significant(value, 3))
        style.log_axis(axes, which, show)
        figure.canvas.draw()
    axis = axes.xaxis if which == "x" else axes.yaxis
    ends = (low, low * span)
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    labels = [label.get_text() for place, label in ticks if ends[0] <= place <= ends[1]]
    assert labels
    assert len(set(labels)) == len(labels)


def test_trials_that_are_nearly_equal_have_an_axis_that_tells_them_apart():
    from benchmark.report.figures import style
    from benchmark.report.figures.trials import trial_chart

    with style.styled():
        drawn = trial_chart([(1, 10.8), (2, 10.62)], [(1, 10.8), (2, 10.62)], 2, 3.0, "perplexity")
        drawn.canvas.draw()
    axis = drawn.axes[0].yaxis
    low, high = drawn.axes[0].get_ylim()
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    labels = [label.get_text() for place, label in ticks if low <= place <= high]
    assert len(labels) >= 2
    assert len(set(labels)) == len(labels)
