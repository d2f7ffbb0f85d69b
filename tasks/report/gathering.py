"""Gather the facts of a session from the ledger."""

import time
from pathlib import Path

from tasks.ledger import Ledger, Session, pausing, status
from tasks.models import Alignment, Tomogram
from tasks.report.attention import attention, misunderstood
from tasks.report.facts import SessionFacts
from tasks.report.findings import findings
from tasks.report.items import arrivals_of, items_of
from tasks.report.movies import latest_images, movie_facts
from tasks.report.parameters import chosen
from tasks.report.quarantine import given_up
from tasks.report.series import Found, series_facts


def gather(ledger: Ledger, session: Session, report: Path) -> SessionFacts:
    """Gather what is known of a session; pictures are put into the folder of the report."""
    name = session.name
    items, now = items_of(ledger, name), status(ledger, name)
    alignments = findings(ledger, name, "tilt_series_alignment", Alignment)
    tomograms = findings(ledger, name, "tomogram_reconstruction", Tomogram)
    denoised = findings(ledger, name, "denoising", Tomogram)
    movies = movie_facts(ledger, name)
    first, last = arrivals_of(ledger, name)
    pauses = tuple(pausing(ledger))
    running = tuple(item.running() for item in items if item.state == "running")
    failed = tuple(failed for item in items if item.state == "waiting" and (failed := item.failed()))
    lost = given_up(ledger, session, movies, report)
    return SessionFacts(
        written=time.time(),
        name=name,
        kind=session.kind,
        folder=session.folder,
        parameters=chosen(session.parameters),
        kinds=now.kinds,
        remaining=now.remaining,
        first_arrival=first,
        last_arrival=last,
        pauses=pauses,
        attention=(
            *attention(now.kinds, pauses, running, failed, lost),
            *misunderstood(alignments, tomograms, denoised),
        ),
        running=running,
        failed=failed,
        given_up=lost,
        series=series_facts(items, Found(movies, alignments, tomograms, denoised), report),
        movies=movies,
        latest=latest_images(movies, report) if session.kind == "spa" else (),
    )
