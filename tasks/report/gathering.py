"""Gather the facts of a session from the ledger."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tasks.ledger import Ledger, Session, pausing, status
from tasks.models import Alignment, Tomogram, TomogramPicks
from tasks.models.contents import Shortfalls
from tasks.models.segmentation import Segmentation
from tasks.report.attention import attention, doubts, lacks, misunderstood
from tasks.report.batches import batch_facts, found_batches
from tasks.report.densities import density_facts, found_densities
from tasks.report.facts import SessionFacts
from tasks.report.findings import findings
from tasks.report.items import Item, arrivals_of, items_of
from tasks.report.movies import Found as Row
from tasks.report.movies import latest_images, movie_facts, movie_rows
from tasks.report.opinions import deviation_facts, disagreements, estimates_of, opinion_facts
from tasks.report.parameters import chosen
from tasks.report.particles import extracted_of, particle_totals
from tasks.report.programs import programs_of
from tasks.report.quarantine import given_up
from tasks.report.series import Found, series_facts
from tasks.report.squares import square_facts
from tasks.report.words import in_order


def gather(ledger: Ledger, session: Session, report: Path) -> SessionFacts:
    """Gather what is known of a session; pictures are put into the folder of the report."""
    name = session.name
    items, now = items_of(ledger, name), status(ledger, name)
    first, last = arrivals_of(ledger, name)
    pauses = tuple(pausing(ledger))
    running = tuple(item.running() for item in items if item.state == "running")
    failed = tuple(failed for item in items if item.state == "waiting" and (failed := item.failed()))
    rows = movie_rows(ledger, name)
    found = (_particles if session.kind == "spa" else _tomograms)(ledger, session, items, rows, report)
    lost = given_up(ledger, session, found["movies"], report)
    estimates, deviations = estimates_of(ledger, name), deviation_facts(ledger, name)
    notes = (*attention(now.kinds, pauses, running, failed, lost), *disagreements(estimates, deviations))
    return SessionFacts(
        written=time.time(),
        name=name,
        kind=session.kind,
        folder=session.folder,
        parameters=chosen(session.parameters),
        kinds=tuple(in_order(now.kinds)),
        remaining=now.remaining,
        first_arrival=first,
        last_arrival=last,
        pauses=pauses,
        running=running,
        failed=failed,
        given_up=lost,
        programs=programs_of(ledger, name),
        estimates=estimates,
        deviations=deviations,
        opinions=opinion_facts(ledger, name),
        **found | {"attention": (*notes, *found["attention"])},
    )


def _tomograms(
    ledger: Ledger, session: Session, items: Sequence[Item], rows: Sequence[Row], report: Path
) -> dict[str, Any]:
    """Gather what there is of tilt series only."""
    alignments = findings(ledger, session.name, "tilt_series_alignment", Alignment)
    tomograms = findings(ledger, session.name, "tomogram_reconstruction", Tomogram)
    denoised = findings(ledger, session.name, "denoising", Tomogram)
    segmentations = findings(ledger, session.name, "segmentation", Segmentation)
    picks = findings(ledger, session.name, "tomogram_picking", TomogramPicks)
    shortfalls = findings(ledger, session.name, "shortfalls", Shortfalls)
    movies = movie_facts(rows, {})
    steps = (alignments, tomograms, denoised, segmentations, picks, shortfalls)
    series = series_facts(items, Found(movies, *steps), report)
    return {
        "movies": movies,
        "latest": (),
        "series": series,
        "attention": (*lacks(series), *misunderstood(steps, "series")),
    }


def _particles(
    ledger: Ledger, session: Session, items: Sequence[Item], rows: Sequence[Row], report: Path
) -> dict[str, Any]:
    """Gather what there is of single particles only."""
    extracted = extracted_of(ledger, session.name)
    movies = movie_facts(rows, extracted)
    classified, refined = found_batches(ledger, session.name, items), found_densities(ledger, session.name, items)
    batches, densities = batch_facts(items, classified, report), density_facts(items, refined, report)
    return {
        "movies": movies,
        "latest": latest_images(movies, report),
        "series": (),
        "particles": particle_totals(ledger, session, rows, extracted),
        "squares": square_facts(movies),
        "batches": batches,
        "densities": densities,
        "attention": (
            *doubts(batches, densities),
            *misunderstood(refined.steps, "densities"),
            *misunderstood(classified.steps, "classes"),
        ),
    }
