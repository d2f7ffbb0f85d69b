"""What a plot shows, and where numbers lie in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Point = tuple[float, float]
Tick = tuple[float, str]

HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 150, 40, 22, 30, 8
BARS = 46
"""Width of the histogram."""


@dataclass(frozen=True)
class Curve:
    """Points of one colour."""

    label: str
    points: tuple[Point, ...]
    line: bool = False
    """Whether to join the points by a line, in place of dots."""


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
    reach: tuple[float, float] | None = None
    """Limits of y; None for those within which nearly all points lie."""
    x_ticks: tuple[Tick, ...] | None = None
    """Places and words; None for round numbers."""
    y_ticks: tuple[Tick, ...] | None = None
    level: Tick | None = None
    """A value of y that counts, and what to call it."""
    said: str | None = None
    """What the plot says, in words; None for the range of the values."""


@dataclass(frozen=True)
class Frame:
    """Where numbers lie in the picture."""

    x: tuple[float, float]
    y: tuple[float, float]
    right: float

    def across(self, values: Numbers) -> Numbers:
        """Return the columns of values of x."""
        return LEFT + (values - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - LEFT)

    def up(self, values: Numbers) -> Numbers:
        """Return the rows of values of y; those beyond the limits at the edge."""
        base = HEIGHT - BOTTOM
        return base - (np.clip(values, *self.y) - self.y[0]) / (self.y[1] - self.y[0]) * (base - TOP)


def frame_of(plot: Plot, points: Numbers) -> Frame:
    """Return where the points of a plot lie."""
    x = plot.span or (float(points[:, 0].min()), float(points[:, 0].max()))
    y = plot.reach or _limits(points[:, 1])
    return Frame(_widened(x), _widened(y), plot.width - RIGHT - BARS * plot.trend)


def round_ticks(limits: Point, about: int) -> list[Tick]:
    """Return round numbers within limits."""
    rough = (limits[1] - limits[0]) / about
    scale = 10.0 ** np.floor(np.log10(rough))
    step = scale * next(round_ for round_ in (1, 2, 5, 10) if round_ * scale >= rough * 0.99)
    values = np.arange(np.ceil(limits[0] / step), np.floor(limits[1] / step) + 1) * step
    # Adding zero makes it positive.
    return [(value, f"{value:g}") for value in (np.round(values, 10) + 0.0).tolist()]


def spaced_ticks(
    candidates: Iterable[float], place: Callable[[float], float], words: Callable[[float], str], limits: Point
) -> tuple[Tick, ...]:
    """Return ticks that leave room for their words, those of the first candidates before others."""
    apart, chosen = (limits[1] - limits[0]) / 6, list[Tick]()
    for value in candidates:
        where = place(value)
        if limits[0] <= where <= limits[1] and all(abs(where - other) >= apart for other, _ in chosen):
            chosen.append((where, words(value)))
    return tuple(sorted(chosen))


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
