"""Plots of how finely densities are known."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from tasks.models.resolution import BFactorFit, FscShell, ResolutionPoint
from tasks.report.diagram import Curve, Plot, Point, Tick, spaced_ticks
from tasks.report.plots import svg

_WIDE = 440
_THRESHOLD = 0.143
_ROUND = (10, 5, 4, 3, 2, 20, 7, 2.5, 15, 3.5, 30, 6, 8, 12, 40, 1.5, 50, 100, 4.5, 1.2, 2.2, 2.8, 3.2, 1, 1.8, 25)
"""Resolutions to mark in a plot, in angstrom, the roundest first."""


def fsc_plot(fsc: Sequence[FscShell], resolution: float | None) -> Markup:
    """Plot how well the half maps agree, against the resolution."""
    span = (0.0, max((1 / shell.resolution for shell in fsc), default=1.0))
    curves = tuple(
        Curve(label, tuple((1 / shell.resolution, getattr(shell, name)) for shell in fsc), line=True)
        for label, name in (("in mask, corrected", "corrected"), ("unmasked", "unmasked"), ("random", "randomised"))
    )
    known = "nowhere" if resolution is None else f"to {resolution:.1f} Å"
    return svg(
        Plot(
            "half maps (FSC)",
            "",
            "resolution (Å)",
            curves,
            width=_WIDE,
            span=span,
            reach=(-0.05, 1.0),
            x_ticks=spaced_ticks(_ROUND, lambda value: 1 / value, lambda value: f"{value:g}", span),
            y_ticks=((0.0, "0"), (0.5, "0.5"), (1.0, "1")),
            level=(_THRESHOLD, f"{_THRESHOLD}"),
            said=f"Fourier shell correlation of the half maps: above {_THRESHOLD} {known}",
        )
    )


def b_factor_plot(points: Sequence[ResolutionPoint], fit: BFactorFit | None) -> Markup:
    """Plot the resolution against the number of particles, with the fit, in the axes in which it is a line."""
    left_out = fit.left_out if fit else ()
    used = tuple(_place(point) for point in points if point not in left_out)
    others = tuple(_place(point) for point in left_out)
    line = _line(fit, [x for x, _ in (*used, *others)]) if fit else ()
    all_y = [y for _, y in (*used, *others, *line)]
    curves = [Curve("refined", used), Curve("fit", line, line=True)]
    curves += [Curve("limited by the pixels", others)] if others else []
    reach = (min(all_y, default=0.0), max(all_y, default=1.0))
    return svg(
        Plot(
            "resolution",
            "Å",
            "particles",
            tuple(curves),
            width=_WIDE,
            reach=reach,
            x_ticks=_particle_ticks([x for x, _ in (*used, *others)]),
            y_ticks=spaced_ticks(_finely(points), lambda value: value**-2, lambda value: f"{value:g}", reach),
            said=_said(points, fit),
        )
    )


def _place(point: ResolutionPoint) -> Point:
    return math.log(point.particles), point.resolution**-2


def _line(fit: BFactorFit, across: Sequence[float]) -> tuple[Point, ...]:
    """Return the ends of the line that was fitted, where it says anything."""
    ends = ((x, fit.intercept + fit.slope * x) for x in (min(across), max(across)))
    return tuple((x, y) for x, y in ends if y > 0)


def _particle_ticks(across: Sequence[float]) -> tuple[Tick, ...]:
    """Return round numbers of particles."""
    limits = (min(across, default=0.0), max(across, default=1.0))
    numbers = [digit * 10.0**power for digit in (1, 2, 5, 3) for power in range(1, 9)]
    return spaced_ticks(numbers, math.log, lambda value: f"{value:,.0f}", limits)


def _finely(points: Sequence[ResolutionPoint]) -> list[float]:
    """Return resolutions to mark: round ones, or more finely where these are too far apart."""
    among = [point.resolution for point in points]
    low, high = min(among, default=1.0), max(among, default=2.0)
    tenths = [number / 10 for number in range(math.ceil(low * 10), math.floor(high * 10) + 1)]
    return [*_ROUND, *(value for value in tenths if high - low < 4)]


def _said(points: Sequence[ResolutionPoint], fit: BFactorFit | None) -> str:
    found = ", ".join(f"{point.particles:,} particles {point.resolution:.2f} Å" for point in points)
    return f"Resolution by number of particles: {found}" + (f"; B factor {fit.b_factor:.0f} Å²" if fit else "")
