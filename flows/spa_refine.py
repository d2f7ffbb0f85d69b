"""The best density of a session: refined, and sharpened."""

from collections.abc import Iterator

from prefect import flow, task

from flows.averaging import BestClass, Refined, in_hand, refined
from flows.draining import LINGER
from flows.items import settle
from flows.ledgers import the_ledger
from flows.murfey.wishes import with_request
from flows.records import result_of
from flows.runner import SiteTaskRunner
from flows.spa_live import Pace, work_off
from flows.spa_plan import CLASSES_3D, REFINEMENT
from flows.spa_sessions import SpaSession
from flows.steps import Steps
from tasks.ledger import Lease, Ledger, Result, find_session, results_of
from tasks.models import ParticleSet
from tasks.models.maps import Classes3D


@flow(name="spa-refine", flow_run_name="density of {session}", task_runner=SiteTaskRunner())
def refine_session(session: str, linger: float = LINGER) -> int:
    """Refine the densities that wait, one after the other, until none has waited for a while; return the number."""
    return work_off(session, (REFINEMENT,), refine_density.submit, Pace(1, linger))


@task(task_run_name="refinement of {lease.key}")
def refine_density(lease: Lease) -> None:
    """Refine a density and sharpen it."""
    ledger = the_ledger()
    settle(ledger, lease, lambda: density(ledger, lease))


def density(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Return what each step found."""
    for place in _refined(ledger, lease):
        yield result_of(place, lease)


def _refined(ledger: Ledger, lease: Lease) -> Steps[Refined]:
    session = find_session(ledger, lease.session)
    tools, folder = with_request(SpaSession.of(session), lease.payload), session.folder / "densities" / lease.key
    known = results_of(ledger, lease.session, CLASSES_3D, [lease.key])[lease.key]
    best = BestClass(
        classes=Classes3D.model_validate(known["classification_3d"].result),
        particles=ParticleSet.model_validate(known["best_class"].result),
    )
    return (yield from in_hand((yield from refined(best, tools, folder)), tools, folder))
