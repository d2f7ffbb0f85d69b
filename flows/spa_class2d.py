"""Batches of particles, as they fill up: each is classified in 2D, and its good classes are kept."""

from collections.abc import Iterator
from pathlib import Path

from prefect import flow, task

from flows.averaging import classified_2d
from flows.draining import LINGER
from flows.items import settle
from flows.ledgers import the_ledger
from flows.murfey.wishes import with_request
from flows.records import result_of
from flows.runner import SiteTaskRunner
from flows.spa_batches import micrographs
from flows.spa_live import Pace, work_off
from flows.spa_plan import BATCH, EXTRACTION
from flows.spa_sessions import SpaSession
from flows.steps import Steps, made
from tasks.ledger import Lease, Ledger, Result, find_session, results_of
from tasks.models import Particles
from tasks.models.classes import SelectedParticles
from tasks.particle_extraction import gather_particles, place_of_gathered


@flow(name="spa-class2d", flow_run_name="2D classes of {session}", task_runner=SiteTaskRunner())
def classify_session(session: str, linger: float = LINGER) -> int:
    """Classify the batches that wait, one after the other, until none has waited for a while; return the number."""
    return work_off(session, (BATCH,), classify_batch.submit, Pace(1, linger))


@task(task_run_name="2D classes of batch {lease.key}")
def classify_batch(lease: Lease) -> None:
    """Classify a batch of particles in 2D."""
    ledger = the_ledger()
    settle(ledger, lease, lambda: classes(ledger, lease))


def classes(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Return what each step found of a batch; nothing of one that is no longer needed."""
    session = find_session(ledger, lease.session)
    tools, members = with_request(SpaSession.of(session), lease.payload), micrographs(lease.payload)
    if members:
        for place in _classified(ledger, lease, members, tools, session.folder):
            yield result_of(place, lease)


def _classified(
    ledger: Ledger, lease: Lease, members: list[str], tools: SpaSession, project: Path
) -> Steps[SelectedParticles]:
    known = results_of(ledger, lease.session, EXTRACTION, members)
    parts = tuple(Particles.model_validate(known[name]["particle_extraction"].result) for name in members)
    folder = project / "particle_batches" / lease.key
    together = yield from made(gather_particles, place_of_gathered, parts, folder / "particles")
    return (yield from classified_2d(together, tools, folder))
