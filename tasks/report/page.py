"""The page of a report: facts in the words and pictures of HTML that needs nothing from elsewhere."""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from statistics import median
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from tasks.report import words
from tasks.report.facts import SessionFacts
from tasks.report.figures import movie_plots, tilt_plots
from tasks.report.quarantine import DETAILED, why

REFRESH = 30
"""Seconds after which a browser asks anew while the session has open items."""

LATEST = 20
"""Rows that a table shows; the rest is in session.json."""


def render(facts: SessionFacts) -> str:
    """Return the page of a session."""
    return (
        _environment()
        .get_template("session.html")
        .render(
            facts=facts,
            refresh=REFRESH if facts.open else None,
            headlines=list(headlines(facts)),
            reasons=Counter(map(why, facts.given_up)).most_common(),
            chapters=list(chapters(facts)),
            address=partial(address, facts.folder / "report"),
        )
    )


def headlines(facts: SessionFacts) -> Iterator[tuple[str, str]]:
    """Yield what a biologist asks first: a figure and what it is, as the median over the session."""
    for label, digits, unit, scale, values in (
        ("motion", 1, "Å", 1.0, [movie.motion for movie in facts.movies]),
        ("defocus", 2, "µm", 1e4, [movie.defocus for movie in facts.movies]),
        ("CTF resolution", 1, "Å", 1.0, [movie.resolution for movie in facts.movies]),
        ("figure of merit", 2, "", 1.0, [movie.figure_of_merit for movie in facts.movies]),
        ("ice ring", 2, "", 1.0, [movie.ice_ring for movie in facts.movies]),
        ("alignment residual", 1, "Å", 1.0, [series.residual for series in facts.series]),
        ("thickness", 0, "nm", 10.0, [series.thickness for series in facts.series]),
        ("tomogram resolution", 1, "Å", 1.0, [series.resolution for series in facts.series]),
    ):
        known = [value for value in values if value is not None]
        if known:
            yield words.number(median(known) / scale, digits, unit), label


def chapters(facts: SessionFacts) -> Iterator[tuple[str, str]]:
    """Yield anchor and name of the parts that the page has."""
    for anchor, label, content in (
        ("progress", "progress", facts.kinds),
        ("series", f"{len(facts.series)} tilt series", facts.series),
        ("movies", f"{len(facts.movies)} {'tilts' if facts.kind == 'tomography' else 'movies'}", facts.movies),
        ("given-up", f"{len(facts.given_up)} given up", facts.given_up),
        ("failed", f"{len(facts.failed)} waiting for another try", facts.failed),
        ("running", f"{len(facts.running)} running", facts.running),
    ):
        if content:
            yield anchor, label
    yield "settings", "settings"


def address(report: Path, path: Path) -> str:
    """Return the address of a file: from the page if it is in the session's folder, so that a server has it too."""
    if path.is_absolute() and path.is_relative_to(report.parent):
        return quote(os.path.relpath(path, report))
    return f"file://{quote(str(path))}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tasks.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"LATEST": LATEST, "DETAILED": DETAILED}
    environment.filters |= {
        "number": words.number,
        "duration": words.duration,
        "clock": words.clock,
        "moment": words.moment,
        "plural": words.plural,
        "tilt_plots": tilt_plots,
        "movie_plots": movie_plots,
    }
    return environment
