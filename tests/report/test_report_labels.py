"""Names in figures keep clear of each other."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

heights = st.lists(st.floats(0, 100), min_size=1, max_size=8).map(sorted)


@given(heights)
def test_labels_at_the_right_are_a_step_apart_and_in_bounds(wanted):
    from benchmark.report.figures.placing import spread

    placed = spread(wanted, 10.0, 0.0, 100.0)
    assert len(placed) == len(wanted)
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(placed))
    assert placed[0] >= -1e-9
    assert placed[-1] <= 100 + 1e-9


@given(heights)
def test_labels_with_room_stay_where_they_want_to_be(wanted):
    from benchmark.report.figures.placing import spread

    roomy = [height + 20 * index for index, height in enumerate(wanted)]
    assert spread(roomy, 10.0, 0.0, 1000.0) == roomy


def test_the_front_holds_what_no_other_point_beats():
    from benchmark.report.figures.pareto import Point, front

    points = [
        Point(i, str(i), "count", c, p) for i, (c, p) in enumerate([(1, 9), (2, 5), (3, 7), (4, 4), (2, 6)])
    ]
    assert [p.row for p in front(points, more_is_better=False)] == [0, 1, 3]
    assert [p.row for p in front(points, more_is_better=True)] == [3]


def test_labels_beside_points_do_not_overlap():
    from benchmark.report.figures.labels import Label, beside_points
    from benchmark.report.figures.style import canvas, styled

    with styled():
        _, axes = canvas("t")
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
