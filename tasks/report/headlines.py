"""What a biologist asks first of a session: figures, and what they are."""

from collections.abc import Iterator
from statistics import median

from tasks.report import words
from tasks.report.facts import SessionFacts

Headline = tuple[str, str]


def headlines(facts: SessionFacts) -> Iterator[Headline]:
    """Yield what was found in all, and the medians over the session."""
    yield from _densities(facts)
    yield from _particles(facts)
    for label, digits, unit, scale, values in (
        ("particles in a micrograph", 0, "", 1.0, [movie.particles for movie in facts.movies]),
        ("motion", 1, "Å", 1.0, [movie.motion for movie in facts.movies]),
        ("defocus", 2, "µm", 1e4, [movie.defocus for movie in facts.movies]),
        ("CTF resolution", 1, "Å", 1.0, [movie.resolution for movie in facts.movies]),
        ("figure of merit", 2, "", 1.0, [movie.figure_of_merit for movie in facts.movies]),
        ("ice ring", 2, "", 1.0, [movie.ice_ring for movie in facts.movies]),
        ("ice thickness", 2, "mfp", 1.0, [movie.ice_thickness for movie in facts.movies]),
        ("contaminated", 0, "%", 0.01, [movie.contamination for movie in facts.movies]),
        ("alignment residual", 1, "Å", 1.0, [series.residual for series in facts.series]),
        ("thickness", 0, "nm", 10.0, [series.thickness for series in facts.series]),
        ("tomogram resolution", 1, "Å", 1.0, [series.resolution for series in facts.series]),
    ):
        known = [value for value in values if value is not None]
        if known:
            yield words.number(median(known) / scale, digits, unit), label


def _densities(facts: SessionFacts) -> Iterator[Headline]:
    resolved = [density.resolution for density in facts.densities if density.resolution]
    if resolved:
        yield words.number(min(resolved), 1, "Å"), "best resolution"
    fits = [density.fit for density in facts.densities if density.fit]
    if fits:
        yield words.number(fits[-1].b_factor, 0, "Å²"), "B factor"


def _particles(facts: SessionFacts) -> Iterator[Headline]:
    totals = facts.particles
    if totals is None or not totals.micrographs:
        return
    yield f"{totals.picked:,}", "particles picked"
    if totals.extracted:
        yield f"{totals.extracted:,}", "extracted"
    judged = [(batch.kept, batch.classified) for batch in facts.batches if batch.kept is not None and batch.classified]
    if judged:
        kept, classified = (sum(numbers) for numbers in zip(*judged, strict=True))
        yield f"{kept:,}", f"in good classes ({kept / classified:.0%})"
    if totals.diameter:
        yield words.number(totals.diameter, 0, "Å"), "particle diameter"
