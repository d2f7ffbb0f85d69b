import re

import pytest

from tasks.report.diagram import Curve, Plot, spaced_ticks
from tasks.report.plots import svg


def plot(points, **options):
    return svg(Plot("motion", "A", "tilt", (Curve("", tuple(points)),), **options))


def places(drawn, kind):
    (path,) = re.findall(rf'<path class="{kind}[^"]*" d="([^"]*)"', drawn)
    return [tuple(map(float, place)) for place in re.findall(r"M([\d.]+) ([\d.]+)h0", path)]


def test_larger_values_are_further_right_and_further_up():
    low, high = sorted(places(plot([(0, 1), (10, 5)]), "dots0"))
    assert low[0] < high[0]
    assert low[1] > high[1]


def test_an_outlier_stands_at_the_edge_and_leaves_room_for_the_rest():
    drawn = plot([*((x, 1 + x % 5) for x in range(50)), (50, 1000)])
    rows = [y for _, y in places(drawn, "dots0")]
    assert max(rows) - min(rows) > 20
    ((_, top),) = places(drawn, "beyond")
    assert top < min(rows)
    assert "1.0 A to 1000.0 A, median 3.0 A" in drawn


def test_points_that_coincide_are_drawn_once():
    assert len(places(plot([(x / 1e4, 1) for x in range(5000)]), "dots0")) < 500


def test_one_point_and_no_point_can_be_drawn():
    assert len(places(plot([(3, 7)]), "dots0")) == 1
    assert "none yet" in plot([])


def test_ticks_are_round_and_have_no_negative_zero():
    ticks = re.findall(r'text-anchor="middle">([^<]*)</text>', plot([(-60, 0), (60, 1)]))
    assert ticks == ["-50", "0", "50", "tilt"]


def test_labels_are_escaped():
    assert "<i>" not in svg(Plot("<i>", "<i>", "<i>", (Curve("<i>", ((1, 1),)), Curve("<i>", ((1, 2),)))))


def test_a_trend_comes_with_a_histogram():
    drawn = plot([(x, x % 7) for x in range(100)], trend=True)
    assert 'class="trend"' in drawn
    assert 'class="bars"' in drawn
    assert 'class="bars"' not in plot([(x, x % 7) for x in range(100)])


def test_a_line_joins_its_points_and_a_level_lies_where_it_is():
    curves = (Curve("fsc", ((0, 1), (1, 0)), line=True), Curve("none", (), line=True))
    drawn = svg(
        Plot("fsc", "", "x", curves, reach=(0.0, 1.0), level=(0.5, "half"), y_ticks=((0.0, "no"), (1.0, "yes")))
    )
    (line,) = re.findall(r'class="line0" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', drawn)
    (level,) = re.findall(r'class="level" d="M40 ([\d.]+)H', drawn)
    assert float(level) == pytest.approx((float(line[1]) + float(line[3])) / 2, abs=0.1)
    assert "line1" not in drawn
    assert [word in drawn for word in (">half<", ">no<", ">yes<")] == [True] * 3


def test_ticks_leave_room_for_their_words_and_the_first_are_preferred():
    ticks = spaced_ticks([5, 4.9, 20, 1], lambda value: value, lambda value: f"{value} A", (0, 10))
    assert ticks == ((1, "1 A"), (5, "5 A"))
