"""The good particles of a session, whenever there are enough: a first density, its symmetry, and 3D classes."""

from collections.abc import Iterator

from prefect import flow, task

from flows.averaging import BestClass, classified_3d, first_density
from flows.draining import LINGER
from flows.items import settle
from flows.ledgers import the_ledger
from flows.murfey.wishes import with_request
from flows.records import result_of
from flows.runner import SiteTaskRunner
from flows.spa_live import Pace, work_off
from flows.spa_plan import BATCH, CLASSES_3D
from flows.spa_sessions import SpaSession
from flows.steps import Steps, made
from tasks.ledger import Lease, Ledger, Result, find_session, found, results_of
from tasks.models import ParticleSet
from tasks.models.classes import SelectedParticles
from tasks.models.maps import FoundSymmetry, Map
from tasks.particle_extraction import gather_particles, place_of_gathered


@flow(name="spa-class3d", flow_run_name="3D classes of {session}", task_runner=SiteTaskRunner())
def classify_session_3d(session: str, linger: float = LINGER) -> int:
    """Classify in 3D what waits, one after the other, until nothing has waited for a while; return the number."""
    return work_off(session, (CLASSES_3D,), classify_particles.submit, Pace(1, linger))


@task(task_run_name="3D classes of {lease.payload[particles]} particles")
def classify_particles(lease: Lease) -> None:
    """Classify the good particles of some batches in 3D."""
    ledger = the_ledger()
    settle(ledger, lease, lambda: densities(ledger, lease))


def densities(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Return what each step found."""
    for place in _classified(ledger, lease):
        yield result_of(place, lease)


def _classified(ledger: Ledger, lease: Lease) -> Steps[BestClass]:
    session = find_session(ledger, lease.session)
    tools, folder = with_request(SpaSession.of(session), lease.payload), session.folder / "densities" / lease.key
    particles = yield from made(gather_particles, place_of_gathered, good(ledger, lease), folder / "particles")
    density = _density_of_session(ledger, lease)
    if density is None:
        density = (yield from first_density(particles, tools, folder)).map
    return (yield from classified_3d(particles, density, tools, folder))


def good(ledger: Ledger, lease: Lease) -> tuple[ParticleSet, ...]:
    """Return the particles in the good classes of each batch."""
    batches = lease.payload["batches"]
    keys = [str(batch) for batch in batches] if isinstance(batches, list) else []
    known = results_of(ledger, lease.session, BATCH, keys)
    return tuple(SelectedParticles.model_validate(known[key]["class_selection"].result).particles for key in keys)


def _density_of_session(ledger: Ledger, lease: Lease) -> Map | None:
    """Return the density that was found first: the others begin with it, so that they can be compared."""
    for key, result in found(ledger, lease.session, "symmetry_search"):
        return None if key == lease.key else FoundSymmetry.model_validate(result.result).map
    return None
