"""Small plots as SVG that stands in a page; colours come from the style sheet of the page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from tasks.report.words import counted

Numbers = npt.NDArray[np.float64]
Point = tuple[float, float]

_HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 150, 40, 22, 30, 8
_BINS = 24
_BARS = 46
"""Width of the histogram."""


@dataclass(frozen=True)
class Curve:
    """Points of one colour."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Plot:
    """What is plotted; outliers are drawn at the edge, so that they do not hide the rest."""

    title: str
    unit: str
    x_label: str
    curves: tuple[Curve, ...]
    digits: int = 1
    width: int = 270
    trend: bool = False
    """Whether to draw the running median, and a histogram beside."""
    span: tuple[float, float] | None = None
    """Limits of x; None for those of the points."""


@dataclass(frozen=True)
class _Frame:
    """Where numbers lie in the picture."""

    x: tuple[float, float]
    y: tuple[float, float]
    right: float

    def across(self, values: Numbers) -> Numbers:
        """Return the columns of values of x."""
        return _LEFT + (values - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - _LEFT)

    def up(self, values: Numbers) -> Numbers:
        """Return the rows of values of y; those beyond the limits at the edge."""
        base = _HEIGHT - _BOTTOM
        return base - (np.clip(values, *self.y) - self.y[0]) / (self.y[1] - self.y[0]) * (base - _TOP)


@lru_cache(maxsize=4096)
def svg(plot: Plot) -> Markup:
    """Draw a plot; nothing to plot is said in words. Most plots of a page are those of the page before."""
    points = np.array([point for curve in plot.curves for point in curve.points], float).reshape(-1, 2)
    if not len(points):
        return Markup('<figure class="plot none"><figcaption>{}</figcaption><p>none yet</p></figure>').format(
            plot.title
        )
    x = plot.span or (float(points[:, 0].min()), float(points[:, 0].max()))
    frame = _Frame(_widened(x), _widened(_limits(points[:, 1])), plot.width - _RIGHT - _BARS * plot.trend)
    parts = [*_axes(plot, frame), *_curves(plot, frame), *(_statistics(frame, points) if plot.trend else ())]
    said = _summary(plot, points[:, 1])
    opening = Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>')
    return opening.format(plot.width, _HEIGHT, said, said) + Markup("").join(parts) + Markup("</svg>")


def _summary(plot: Plot, values: Numbers) -> str:
    low, middle, high = (f"{value:.{plot.digits}f} {plot.unit}" for value in np.percentile(values, (0, 50, 100)))
    return f"{plot.title}: {counted(len(values), 'point')} against {plot.x_label}, {low} to {high}, median {middle}"


def _axes(plot: Plot, frame: _Frame) -> Iterator[Markup]:
    base = _HEIGHT - _BOTTOM
    yield Markup('<text class="title" x="4" y="13">{}<tspan class="unit"> {}</tspan></text>').format(
        plot.title, plot.unit
    )
    for value, row in _ticks(frame.y, 3, frame.up):
        yield Markup('<path class="grid" d="M{} {:.1f}H{:.1f}"/>').format(_LEFT, row, frame.right)
        yield Markup('<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{:g}</text>').format(
            _LEFT - 4, row + 3.5, value
        )
    for value, column in _ticks(frame.x, 4, frame.across):
        yield Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{:g}</text>').format(
            column, base + 12, value
        )
    middle = (_LEFT + frame.right) / 2
    yield Markup('<text class="tick" x="{:.0f}" y="{}" text-anchor="middle">{}</text>').format(
        middle, base + 25, plot.x_label
    )
    if len(plot.curves) > 1:
        names = Markup(" ").join(
            Markup('<tspan class="key{}">{}</tspan>').format(index, curve.label)
            for index, curve in enumerate(plot.curves)
        )
        yield Markup('<text class="tick" x="{}" y="13" text-anchor="end">{}</text>').format(frame.right, names)


def _curves(plot: Plot, frame: _Frame) -> Iterator[Markup]:
    for index, curve in enumerate(plot.curves):
        points = np.array(curve.points, float).reshape(-1, 2)
        beyond = (points[:, 1] < frame.y[0]) | (points[:, 1] > frame.y[1])
        kind = f"dots{index}" + " many" * (len(points) > 400)
        yield from _dots(frame, points[~beyond], kind)
        yield from _dots(frame, points[beyond], "beyond")
        if plot.trend and len(points) >= 8:
            yield _trend(frame, points)


def _dots(frame: _Frame, points: Numbers, kind: str) -> Iterator[Markup]:
    """Draw points as ends of lines without length: no other way is as short; dots that coincide are drawn once."""
    if len(points):
        places = (
            np.unique(np.round(np.column_stack([frame.across(points[:, 0]), frame.up(points[:, 1])]) * 2), axis=0) / 2
        )
        yield Markup('<path class="{}" d="{}"/>').format(kind, "".join(f"M{x:g} {y:g}h0" for x, y in places.tolist()))


def _trend(frame: _Frame, points: Numbers) -> Markup:
    """Draw the medians of groups of neighbours."""
    groups = np.array_split(points[np.argsort(points[:, 0], kind="stable")], min(60, len(points) // 4))
    medians = np.array([np.median(group, axis=0) for group in groups])
    line = "L".join(
        f"{x:.1f} {y:.1f}" for x, y in zip(frame.across(medians[:, 0]), frame.up(medians[:, 1]), strict=True)
    )
    return Markup('<path class="trend" d="M{}"/>').format(line)


def _statistics(frame: _Frame, points: Numbers) -> Iterator[Markup]:
    """Draw the histogram of the values beside the plot."""
    counts, edges = np.histogram(np.clip(points[:, 1], *frame.y), _BINS, frame.y)
    rows = frame.up(edges)
    lengths = counts / counts.max() * (_BARS - 6)
    bars = "".join(
        f"M{frame.right + 6:.0f} {top:.1f}h{length:.1f}V{bottom - 0.5:.1f}h{-length:.1f}z"
        for length, (bottom, top) in zip(lengths, pairwise(rows), strict=True)
        if length
    )
    yield Markup('<path class="bars" d="{}"/>').format(bars)


def _limits(values: Numbers) -> Point:
    """Return the limits within which nearly all values lie."""
    low, high = np.percentile(values, (25, 75))
    reach = 3 * (high - low)
    return max(float(values.min()), float(low - reach)), min(float(values.max()), float(high + reach))


def _widened(limits: Point) -> Point:
    """Leave a margin at both ends; limits that coincide are parted."""
    low, high = limits
    margin = (high - low) * 0.04 or max(abs(low) * 0.1, 0.5)
    return low - margin, high + margin


def _ticks(limits: Point, about: int, place: Callable[[Numbers], Numbers]) -> Iterator[Point]:
    """Yield round numbers within limits, and where they lie."""
    rough = (limits[1] - limits[0]) / about
    scale = 10.0 ** np.floor(np.log10(rough))
    step = scale * next(round_ for round_ in (1, 2, 5, 10) if round_ * scale >= rough * 0.99)
    values = np.arange(np.ceil(limits[0] / step), np.floor(limits[1] / step) + 1) * step
    # Adding zero makes it positive.
    values = np.round(values, 10) + 0.0
    yield from zip(values.tolist(), place(values).tolist(), strict=True)
