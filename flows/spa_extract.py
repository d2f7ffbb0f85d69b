"""The particles of a single-particle session, as they are picked: their diameter, images, and files of many."""

from collections.abc import Iterator
from pathlib import Path

from prefect import flow, task

from flows.draining import LINGER
from flows.folders import folder_of
from flows.items import settle
from flows.ledgers import the_ledger
from flows.murfey.particle_files import written
from flows.murfey.plan import FILE
from flows.murfey.wishes import with_request
from flows.records import result_of
from flows.runner import SiteTaskRunner
from flows.slots import slots
from flows.spa_live import Pace, work_off
from flows.spa_plan import DIAMETER, EXTRACTION, MOVIE
from flows.spa_sessions import SpaSession
from flows.steps import Steps, made
from tasks.errors import ResultError
from tasks.essence import digest_of
from tasks.ledger import Lease, Ledger, Result, find_session, found, results_of
from tasks.models import Ctf, Particles, Picks
from tasks.particle_extraction import extract_particles, place_of_particles
from tasks.particle_picking import typical_diameter


@flow(name="spa-extract", flow_run_name="particles of {session}", task_runner=SiteTaskRunner())
def extract_session(session: str, linger: float = LINGER) -> int:
    """Extract the particles of the micrographs that wait, until none has waited for a while; return the number."""
    return work_off(session, (DIAMETER, FILE, EXTRACTION), extract.submit, Pace(slots(), linger))


@task(task_run_name="{lease.kind} of {lease.key}")
def extract(lease: Lease) -> None:
    """Settle the diameter of the particles of a session, extract those of one micrograph, or write a file of many."""
    ledger = the_ledger()
    work = {DIAMETER: diameter, FILE: particle_file}.get(lease.kind, particles)
    settle(ledger, lease, lambda: work(ledger, lease))


def diameter(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Find the diameter that most particles of a session have: all are extracted and classified with one."""
    results = [result for _, result in found(ledger, lease.session, "particle_picking", done=True)]
    picks = [Picks.model_validate(result.result) for result in results]
    typical = typical_diameter(picks)
    if typical is None:
        raise ResultError(f"no particles in the {len(picks)} micrographs of {lease.session}")
    says = {"diameter": typical, "micrographs": len(picks), "count": sum(each.count for each in picks)}
    of = digest_of({"picks": [result.digest for result in results]})
    yield Result(step=DIAMETER, digest=of, result=says, tool="embedded")


def particle_file(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Write the file of particles that Murfey is told of; nothing for one that is no longer needed."""
    for place in written(ledger, lease):
        yield result_of(place, lease)


def particles(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Extract the particles of one micrograph."""
    for place in _extracted(ledger, lease):
        yield result_of(place, lease)


def _extracted(ledger: Ledger, lease: Lease) -> Steps[Particles]:
    session = find_session(ledger, lease.session)
    rules = with_request(SpaSession.of(session), lease.payload)
    known = results_of(ledger, lease.session, MOVIE, [lease.key])[lease.key]
    extractor = rules.extractor.model_copy(update={"diameter": rules.extractor.diameter or _settled(ledger, lease)})
    picks = Picks.model_validate(known["particle_picking"].result)
    ctf = Ctf.model_validate(known["ctf_estimation"].result)
    folder = folder_of(session.folder, Path(lease.key)) / "particle_extraction"
    return (
        yield from made(extract_particles, place_of_particles, picks, ctf, rules.acquisition.optics, extractor, folder)
    )


def _settled(ledger: Ledger, lease: Lease) -> float:
    """Return the diameter in angstrom that was found for the session."""
    for _, result in found(ledger, lease.session, DIAMETER):
        return float(str(result.result["diameter"]))
    raise ResultError(f"no diameter is known of the particles of {lease.session}")
