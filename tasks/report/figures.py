"""Which plots a report shows."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from tasks.report.diagram import Curve, Plot
from tasks.report.facts import MovieFacts, SeriesFacts, TiltFacts
from tasks.report.plots import svg

_WIDE = 440
_MICROMETRE = 1e4


_Of = tuple[str, str, int, Callable[[MovieFacts], float | None]]
"""Title, unit and digits of a plot, and what it shows."""


def movie_plots(movies: Sequence[MovieFacts], *, particles: bool = False) -> list[Markup]:
    """Plot what was found over the session, against the order of arrival; with ``particles``, what concerns these."""
    plots: list[_Of] = [
        ("motion", "Å", 1, lambda movie: movie.motion),
        ("defocus", "µm", 2, lambda movie: _micrometre(movie.defocus)),
        ("CTF resolution", "Å", 1, lambda movie: movie.resolution),
        ("figure of merit", "", 2, lambda movie: movie.figure_of_merit),
        ("ice ring", "", 2, lambda movie: movie.ice_ring),
        ("astigmatism", "nm", 0, lambda movie: None if movie.astigmatism is None else movie.astigmatism / 10),
    ]
    plots += _OF_PARTICLES if particles else []
    span = (1.0, float(len(movies))) if movies else None
    return [
        svg(
            Plot(
                title,
                unit,
                "movie, in order of arrival",
                (
                    Curve(
                        "",
                        tuple((place, y) for place, movie in enumerate(movies, 1) if (y := value(movie)) is not None),
                    ),
                ),
                digits=digits,
                width=_WIDE,
                trend=True,
                span=span,
            )
        )
        for title, unit, digits, value in plots
    ]


_OF_PARTICLES: list[_Of] = [
    ("ice thickness", "mean free paths", 2, lambda movie: movie.ice_thickness),
    ("contaminated", "%", 0, lambda movie: None if movie.contamination is None else 100 * movie.contamination),
    ("particles picked", "", 0, lambda movie: movie.particles),
]


def tilt_plots(series: SeriesFacts) -> list[Markup]:
    """Plot what was found of the tilts of a series, against the angle once it is known."""
    angles = [tilt.angle for tilt in series.tilts if tilt.angle is not None]
    label = "tilt angle (°)" if angles else "tilt, in order of the list"

    def curve(value: Callable[[TiltFacts], float | None], name: str = "") -> Curve:
        places = ((tilt.angle if angles else float(tilt.number), value(tilt)) for tilt in series.tilts)
        return Curve(name, tuple((x, y) for x, y in places if x is not None and y is not None))

    plots = [
        ("motion", "Å", 1, [curve(lambda tilt: tilt.motion)]),
        ("defocus", "µm", 2, [curve(lambda tilt: _micrometre(tilt.defocus))]),
        ("CTF resolution", "Å", 1, [curve(lambda tilt: tilt.resolution)]),
        (
            "shift",
            "nm",
            1,
            [
                curve(lambda tilt: tilt.shift and tilt.shift[0] / 10, "x"),
                curve(lambda tilt: tilt.shift and tilt.shift[1] / 10, "y"),
            ],
        ),
    ]
    span = (min(angles), max(angles)) if angles else (1.0, float(len(series.tilts)))
    return [
        svg(Plot(title, unit, label, tuple(curves), digits=digits, span=span)) for title, unit, digits, curves in plots
    ]


def _micrometre(value: float | None) -> float | None:
    return None if value is None else value / _MICROMETRE
