"""The page of a report: facts in the words and pictures of HTML that needs nothing from elsewhere."""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from tasks.images import COLUMNS, TILE
from tasks.report import words
from tasks.report.facts import SessionFacts
from tasks.report.figures import movie_plots, tilt_plots
from tasks.report.headlines import headlines
from tasks.report.quarantine import DETAILED, why
from tasks.report.resolution_figures import b_factor_plot, fsc_plot

REFRESH = 30
"""Seconds after which a browser asks anew while the session has open items."""

LATEST = 20
"""Rows that a table shows; the rest is in session.json."""

CARDS = 4
"""Batches of which all classes are shown; the pictures of the others are linked."""


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


def chapters(facts: SessionFacts) -> Iterator[tuple[str, str]]:
    """Yield anchor and name of the parts that the page has."""
    for anchor, label, content in (
        ("progress", "progress", facts.kinds),
        ("series", f"{len(facts.series)} tilt series", facts.series),
        ("densities", "densities", facts.densities),
        ("classes", f"2D classes of {words.counted(len(facts.batches), 'batch', 'batches')}", facts.batches),
        ("movies", f"{len(facts.movies):,} {'tilts' if facts.kind == 'tomography' else 'micrographs'}", facts.movies),
        ("given-up", f"{len(facts.given_up)} given up", facts.given_up),
        ("failed", f"{len(facts.failed)} waiting for another try", facts.failed),
        ("running", f"{len(facts.running)} running", facts.running),
        ("consensus", "what the session agrees on", facts.estimates or facts.deviations),
        ("opinions", f"{len(facts.opinions):,} second opinions", facts.opinions),
        ("programs", "programs", facts.programs),
        ("settings", "settings", True),
    ):
        if content:
            yield anchor, label


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
    environment.globals |= {"LATEST": LATEST, "DETAILED": DETAILED, "CARDS": CARDS, "COLUMNS": COLUMNS, "TILE": TILE}
    environment.filters |= {
        "number": words.number,
        "duration": words.duration,
        "clock": words.clock,
        "moment": words.moment,
        "plural": words.plural,
        "counted": words.counted,
        "ranges": words.ranges,
        "stage": words.stage,
        "step_words": words.step_words,
        "fsc_plot": fsc_plot,
        "b_factor_plot": b_factor_plot,
        "tilt_plots": tilt_plots,
        "movie_plots": movie_plots,
    }
    return environment
