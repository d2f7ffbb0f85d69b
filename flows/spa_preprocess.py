"""The movies of a single-particle session, as they arrive: motion, CTF, ice thickness and picking."""

from collections.abc import Iterator
from pathlib import Path

from prefect import flow, task

from flows.announced import acquisition_of
from flows.consensus import look
from flows.draining import LINGER
from flows.folders import folder_of
from flows.items import settle
from flows.ledgers import the_ledger
from flows.micrographs import preprocess
from flows.murfey.links import linked
from flows.records import result_of
from flows.runner import SiteTaskRunner
from flows.slots import slots
from flows.spa_live import Pace, work_off
from flows.spa_plan import MOVIE
from flows.spa_sessions import SpaSession
from tasks.ledger import Lease, Ledger, Result, find_session
from tasks.tilt_series_grouping.frame_files import inspect


@flow(name="spa-preprocess", flow_run_name="movies of {session}", task_runner=SiteTaskRunner())
def process_movies(session: str, linger: float = LINGER) -> int:
    """Take the movies that wait to their picks, until none has waited for a while; return the number."""
    return work_off(session, (MOVIE,), process_movie.submit, Pace(slots(), linger, live=True))


@task(task_run_name="movie {lease.key}")
def process_movie(lease: Lease) -> None:
    """Take one movie to its picks."""
    ledger = the_ledger()
    settle(ledger, lease, lambda: linked(ledger, lease, found(ledger, lease)))
    look(ledger, lease.session, MOVIE)


def found(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Return what each step found of a movie."""
    session = find_session(ledger, lease.session)
    parameters = SpaSession.of(session)
    acquisition = acquisition_of(lease.payload, parameters.acquisition)
    source = inspect(Path(lease.key), acquisition).source
    folder = folder_of(session.folder, source.path)
    for place in preprocess(source, acquisition.optics, parameters, folder):
        yield result_of(place, lease)
