"""How the resolution of a density grows with the number of particles: the B factor of a session."""

from collections.abc import Iterator

from prefect import flow, task

from flows.averaging import Refined, fitted_b_factor
from flows.draining import LINGER
from flows.items import settle
from flows.ledgers import the_ledger
from flows.murfey.wishes import with_request
from flows.records import result_of
from flows.runner import SiteTaskRunner
from flows.spa_live import Pace, work_off
from flows.spa_plan import B_FACTOR, REFINEMENT
from flows.spa_sessions import SpaSession
from tasks.ledger import Lease, Ledger, Result, find_session, results_of
from tasks.models.maps import Refinement
from tasks.models.resolution import PostProcessed


@flow(name="spa-bfactor", flow_run_name="B factor of {session}", task_runner=SiteTaskRunner())
def measure_session(session: str, linger: float = LINGER) -> int:
    """Measure the B factors that wait, one after the other, until none has waited for a while; return the number."""
    return work_off(session, (B_FACTOR,), measure_b_factor.submit, Pace(1, linger))


@task(task_run_name="B factor of {lease.key}")
def measure_b_factor(lease: Lease) -> None:
    """Refine parts of the particles, and fit the B factor."""
    ledger = the_ledger()
    settle(ledger, lease, lambda: b_factor(ledger, lease))


def b_factor(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Return what each step found; nothing if there are too few particles."""
    session = find_session(ledger, lease.session)
    tools, folder = with_request(SpaSession.of(session), lease.payload), session.folder / "densities" / lease.key
    known = results_of(ledger, lease.session, REFINEMENT, [lease.key])[lease.key]
    whole = Refined(
        refinement=Refinement.model_validate(known["refinement"].result),
        sharpened=PostProcessed.model_validate(known["post_processing"].result),
    )
    for place in fitted_b_factor(whole, tools, folder, _asked_for(lease)):
        yield result_of(place, lease)


def _asked_for(lease: Lease) -> tuple[int, ...] | None:
    """Return how many particles are to be refined, if that was said."""
    sizes = lease.payload.get("sizes")
    return tuple(size for size in sizes if isinstance(size, int)) if isinstance(sizes, list) else None
