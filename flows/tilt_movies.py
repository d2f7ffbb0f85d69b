"""The tilt movies of a session, as they arrive: motion and CTF, so that only their series is left to be done."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect import flow, task

from flows.announced import acquisition_of
from flows.consensus import axis_to_start, look
from flows.doubts import question_of_ctf, question_of_motion
from flows.draining import LINGER, POLL, Drain, drain
from flows.events import remind_of
from flows.folders import folder_of
from flows.items import outward, settle
from flows.known import Known
from flows.leases import claimer
from flows.ledgers import the_ledger
from flows.mapped import Mapped
from flows.murfey.links import linked
from flows.records import result_of
from flows.relief import Relief
from flows.runner import SiteTaskRunner
from flows.second_opinion import consulted
from flows.sessions import TomographySession
from flows.slots import slots
from flows.steps import Steps
from flows.tilts import geometry
from tasks.essence import digest_of
from tasks.ledger import (
    Lease,
    Ledger,
    Message,
    Result,
    due,
    find_session,
    keys_like,
    post,
    recorded,
    results_of,
    supplement,
)
from tasks.models import Acquisition, Motion, Movie, Tilt, TiltSeries
from tasks.tilt_series_grouping import named_tilt, tilt_by_name
from tasks.tilt_series_grouping.frame_files import inspect

KIND = "tilt_movie"


@flow(name="tilt-movies", flow_run_name="tilt movies of {session}", task_runner=SiteTaskRunner())
def process_tilt_movies(session: str, linger: float = LINGER) -> int:
    """Correct the motion and estimate the CTF of what waits, until nothing has waited for a while."""
    ledger = the_ledger()
    how = Drain(slots=slots(), linger=linger, may_end=Relief(ledger, session, KIND))
    done = drain(ledger, claimer(ledger, session, KIND), process_tilt_movie.submit, how)
    remind_of(ledger, session, KIND)
    return done


def known_tilts(session: str | None, series: TiltSeries) -> Known:
    """Return what the ledger knows of the movies of a series when all are settled; without a session nothing."""
    if session is None:
        return Known()
    ledger, tilts = the_ledger(), {str(movie.path): name for name, movie in series.movies.items()}
    process_movies_of(ledger, session, [movie.path for movie in series.movies.values()])
    found = results_of(ledger, session, KIND, list(tilts))
    return Known({tilts[key]: results for key, results in found.items()})


def share(session: str | None, series: TiltSeries, *steps: Mapped[Any]) -> None:
    """Tell the ledger what was computed of the movies of a series only now that they have one."""
    if session is None:
        return
    found: dict[str, list[Result]] = {str(movie.path): [] for movie in series.movies.values()}
    for step in steps:
        for name in step.places.keys() & step.futures.keys() & series.movies.keys():
            latest = {place.record.parent.name: place for place in step.found_of(name)}
            found[str(series.movies[name].path)] += map(result_of, latest.values())
    found = {key: results for key, results in found.items() if results}
    supplement(the_ledger(), session, KIND, found)
    post(the_ledger(), _news(session, found))


def _news(session: str, found: Mapping[str, Sequence[Result]]) -> list[Message]:
    """Return the messages that have others told of what was found by the way."""
    opened = find_session(the_ledger(), session)
    marks = {key: digest_of({result.step: result.digest for result in results}) for key, results in found.items()}
    return [message for key, mark in marks.items() for message in outward(opened, KIND, key, found=mark)]


def process_movies_of(ledger: Ledger, session: str, movies: Sequence[Path]) -> None:
    """Do what is still to be done of some movies, and wait for those that other runs are at."""
    keys = tuple(map(str, movies))
    mine = claimer(ledger, session, KIND).model_copy(update={"keys": keys, "order": "oldest"})
    how = Drain(slots=slots(), linger=0, turn=len(keys))
    while due(ledger, session, KIND, keys):
        drain(ledger, mine, process_tilt_movie.submit, how)
        time.sleep(POLL)


@task(task_run_name="tilt movie {lease.key}")
def process_tilt_movie(lease: Lease) -> None:
    """Correct the motion and estimate the CTF of one tilt movie."""
    ledger = the_ledger()
    settle(ledger, lease, lambda: linked(ledger, lease, found(ledger, lease)))
    look(ledger, lease.session, KIND)


def found(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Return what is found of a movie without its series; the rest is left to the series."""
    session = find_session(ledger, lease.session)
    parameters = with_axis(ledger, lease, TomographySession.of(session))
    acquisition = acquisition_of(lease.payload, parameters.acquisition)
    named = named_tilt(Path(lease.key), parameters.name_pattern)
    if named is None:
        yield from (result_of(place, lease) for place in alone(lease, acquisition, parameters, session.folder))
        return
    siblings = keys_like(ledger, session.name, KIND, f"{named.path.parent}/{named.series}")
    tilt = tilt_by_name(named, map(Path, siblings), acquisition, parameters.dose_per_tilt)
    if tilt is not None:
        for place in steps(tilt, parameters, session.folder / named.series):
            yield result_of(place, lease)


def with_axis(ledger: Ledger, lease: Lease, parameters: TomographySession) -> TomographySession:
    """Take the tilt axis that the series of the session agree on, where nobody has said one.

    A movie whose CTF is known already has a series, which knows better.
    """
    if parameters.tilt_axis_angle is not None:
        return parameters
    axis = axis_to_start(ledger, lease.session, lease.key)
    if axis is None or "ctf_estimation" in recorded(ledger, lease):
        return parameters
    return parameters.model_copy(update={"tilt_axis_angle": axis})


def alone(lease: Lease, acquisition: Acquisition, parameters: TomographySession, folder: Path) -> Steps[None]:
    """Correct the motion of a movie whose name does not say its place in a series, if it was asked for by itself.

    The dose before it is not known: its series corrects it again if that matters.
    """
    if "acquisition" not in lease.payload:
        return
    source = inspect(Path(lease.key), acquisition).source
    if isinstance(source, Movie):
        yield from moved(source, parameters, folder_of(folder, source.path))


def steps(tilt: Tilt, parameters: TomographySession, folder: Path) -> Steps[None]:
    """Correct the motion of a tilt; estimate its CTF if the direction of the tilt axis is known."""
    if not isinstance(tilt.source, Movie):
        return
    motion = yield from moved(tilt.source, parameters, folder)
    if parameters.tilt_axis_angle is None:
        return
    lying, optics = geometry(tilt, parameters.tilt_axis_angle), tilt.source.acquisition.optics
    estimator, opinions = parameters.ctf_estimator, parameters.second_opinions
    yield from consulted(question_of_ctf(motion.micrograph, optics, estimator, opinions, folder, lying))


def moved(movie: Movie, parameters: TomographySession, folder: Path) -> Steps[Motion]:
    """Correct the motion of a movie."""
    question = question_of_motion(movie, parameters.motion_corrector, parameters.second_opinions, folder)
    return (yield from consulted(question))
