"""Small plots as SVG that stands in a page; colours come from the style sheet of the page."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from tasks.report.diagram import BARS, BOTTOM, HEIGHT, LEFT, Frame, Numbers, Plot, frame_of, round_ticks
from tasks.report.words import counted

_BINS = 24


@lru_cache(maxsize=4096)
def svg(plot: Plot) -> Markup:
    """Draw a plot; nothing to plot is said in words. Most plots of a page are those of the page before."""
    points = np.array([point for curve in plot.curves for point in curve.points], float).reshape(-1, 2)
    if not len(points):
        return Markup('<figure class="plot none"><figcaption>{}</figcaption><p>none yet</p></figure>').format(
            plot.title
        )
    frame = frame_of(plot, points)
    parts = [*_axes(plot, frame), *_curves(plot, frame), *(_statistics(frame, points) if plot.trend else ())]
    said = plot.said or _summary(plot, points[:, 1])
    opening = Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>')
    return opening.format(plot.width, HEIGHT, said, said) + Markup("").join(parts) + Markup("</svg>")


def _summary(plot: Plot, values: Numbers) -> str:
    low, middle, high = (f"{value:.{plot.digits}f} {plot.unit}" for value in np.percentile(values, (0, 50, 100)))
    return f"{plot.title}: {counted(len(values), 'point')} against {plot.x_label}, {low} to {high}, median {middle}"


def _axes(plot: Plot, frame: Frame) -> Iterator[Markup]:
    base = HEIGHT - BOTTOM
    yield Markup('<text class="title" x="4" y="13">{}<tspan class="unit"> {}</tspan></text>').format(
        plot.title, plot.unit
    )
    yield from _ticks(plot, frame)
    middle = (LEFT + frame.right) / 2
    yield Markup('<text class="tick" x="{:.0f}" y="{}" text-anchor="middle">{}</text>').format(
        middle, base + 25, plot.x_label
    )
    if len(plot.curves) > 1:
        names = Markup(" ").join(
            Markup('<tspan class="key{}">{}</tspan>').format(index, curve.label)
            for index, curve in enumerate(plot.curves)
        )
        yield Markup('<text class="tick" x="{}" y="13" text-anchor="end">{}</text>').format(frame.right, names)


def _ticks(plot: Plot, frame: Frame) -> Iterator[Markup]:
    base = HEIGHT - BOTTOM
    for value, label in round_ticks(frame.y, 3) if plot.y_ticks is None else plot.y_ticks:
        row = frame.up(np.array(value))
        yield Markup('<path class="grid" d="M{} {:.1f}H{:.1f}"/>').format(LEFT, row, frame.right)
        yield Markup('<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            LEFT - 4, row + 3.5, label
        )
    for value, label in round_ticks(frame.x, 4) if plot.x_ticks is None else plot.x_ticks:
        yield Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            frame.across(np.array(value)), base + 12, label
        )
    if plot.level:
        value, label = plot.level
        row = frame.up(np.array(value))
        yield Markup('<path class="level" d="M{} {:.1f}H{:.1f}"/>').format(LEFT, row, frame.right)
        yield Markup('<text class="tick" x="{}" y="{:.1f}">{}</text>').format(LEFT + 4, row - 3, label)


def _curves(plot: Plot, frame: Frame) -> Iterator[Markup]:
    for index, curve in enumerate(plot.curves):
        points = np.array(curve.points, float).reshape(-1, 2)
        if curve.line:
            if len(points):
                yield _line(frame, points, f"line{index}")
            continue
        beyond = (points[:, 1] < frame.y[0]) | (points[:, 1] > frame.y[1])
        kind = f"dots{index}" + " many" * (len(points) > 400)
        yield from _dots(frame, points[~beyond], kind)
        yield from _dots(frame, points[beyond], "beyond")
        if plot.trend and len(points) >= 8:
            yield _trend(frame, points)


def _dots(frame: Frame, points: Numbers, kind: str) -> Iterator[Markup]:
    """Draw points as ends of lines without length: no other way is as short; dots that coincide are drawn once."""
    if len(points):
        places = (
            np.unique(np.round(np.column_stack([frame.across(points[:, 0]), frame.up(points[:, 1])]) * 2), axis=0) / 2
        )
        yield Markup('<path class="{}" d="{}"/>').format(kind, "".join(f"M{x:g} {y:g}h0" for x, y in places.tolist()))


def _trend(frame: Frame, points: Numbers) -> Markup:
    """Draw the medians of groups of neighbours."""
    groups = np.array_split(points[np.argsort(points[:, 0], kind="stable")], min(60, len(points) // 4))
    return _line(frame, np.array([np.median(group, axis=0) for group in groups]), "trend")


def _line(frame: Frame, points: Numbers, kind: str) -> Markup:
    """Draw a line through points."""
    places = zip(frame.across(points[:, 0]), frame.up(points[:, 1]), strict=True)
    return Markup('<path class="{}" d="M{}"/>').format(kind, "L".join(f"{x:.1f} {y:.1f}" for x, y in places))


def _statistics(frame: Frame, points: Numbers) -> Iterator[Markup]:
    """Draw the histogram of the values beside the plot."""
    counts, edges = np.histogram(np.clip(points[:, 1], *frame.y), _BINS, frame.y)
    rows = frame.up(edges)
    lengths = counts / counts.max() * (BARS - 6)
    bars = "".join(
        f"M{frame.right + 6:.0f} {top:.1f}h{length:.1f}V{bottom - 0.5:.1f}h{-length:.1f}z"
        for length, (bottom, top) in zip(lengths, pairwise(rows), strict=True)
        if length
    )
    yield Markup('<path class="bars" d="{}"/>').format(bars)
