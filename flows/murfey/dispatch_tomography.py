"""What requests about tilt series want done."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from flows.murfey.asked import request_in, requests_in
from flows.murfey.dispatch_movies import known, optics, payload_of, session_parameters
from flows.murfey.dispatch_sessions import session_of, site_parameters
from flows.murfey.dispatch_work import Work
from tasks.errors import InputError
from tasks.essence import digest_of
from tasks.ledger import Arrival, Asked, Ledger, Session, find_session, requests_for, set_parameters
from tasks.murfey import AskedTilt, TomoAlign, TomoPreprocess

Tilts = Mapping[Path, TomoPreprocess]
"""The requests for movies, by their micrographs."""


def tilt_movie(ledger: Ledger, request: TomoPreprocess) -> Work:
    """Have a tilt movie processed; series that were asked for before it are made of it, too."""
    session = session_of(ledger, request, "tomography", session_parameters(request))
    key = str(request.movie)
    movie = Arrival(session=session.name, kind=request.kind, key=key, payload=payload_of(request))
    return Work(session, key, request.key, (movie, *_series_with(ledger, session, request)))


def tilt_series(ledger: Ledger, request: TomoAlign) -> Work:
    """Have a tilt series made into a tomogram."""
    taken = known(optics(request) | {"dose_per_frame": request.dose_per_frame})
    said = {"acquisition": taken, **known({"tilt_axis_angle": axis_of(request)})}
    session = session_of(ledger, request, "tomography", said)
    remember_axis(ledger, session, request)
    place = place_of(ledger, session, request)
    tilts = tilts_of(ledger, session, request)
    return Work(session, place.key, request.key, (series_arrival(session, request, place, tilts),))


class Place(NamedTuple):
    """What a series is called here."""

    key: str
    """Key of the item."""
    name: str


def place_of(ledger: Ledger, session: Session, request: TomoAlign) -> Place:
    """Return what a series is called.

    Murfey may name another stack in each message about one series, and the same stack for two: the data collection
    tells them apart, and who comes first has the name.
    """
    asked = requests_for(ledger, session.name, request.recipe, request.stack_file.name)
    named = [(each.item, align) for each in asked if (align := _align(each)).series == request.series]
    mine = [item for item, align in named if _is_same(align, request)]
    others = {item for item, align in named if not _is_same(align, request)}
    stack, apart = str(request.stack_file), request.dcid or digest_of({"stack": str(request.stack_file)})[:6]
    key = mine[0] if mine else f"{stack} {apart}" if stack in others else stack
    is_first = not named or _is_same(named[0][1], request)
    return Place(key, request.series if is_first else f"{request.series}_{apart}")


def _is_same(one: TomoAlign, other: TomoAlign) -> bool:
    """Tell whether two requests are about one series."""
    if one.dcid is None or other.dcid is None:
        return one.stack_file == other.stack_file
    return one.dcid == other.dcid


def tilts_of(ledger: Ledger, session: Session, request: TomoAlign) -> Tilts:
    """Return the movies of the tilts of a series, by their micrographs, in the order of their requests."""
    wanted = {tilt.path for tilt in request.tilts}
    if request.dcid is not None:
        found = _by_micrograph(requests_for(ledger, session.name, TomoPreprocess.recipe, str(request.dcid)))
        if wanted <= set(found):
            return found
    return _by_micrograph(requests_for(ledger, session.name, TomoPreprocess.recipe))


def _by_micrograph(asked: Sequence[Asked]) -> dict[Path, TomoPreprocess]:
    requests = (request for request in requests_in(asked) if isinstance(request, TomoPreprocess))
    return {request.mrc_out: request for request in requests}


def series_arrival(session: Session, request: TomoAlign, place: Place, tilts: Tilts) -> Arrival:
    """Announce a series, its tilts in the order in which they were announced: names that say it better come first."""
    turns = {path: turn for turn, path in enumerate(tilts)}
    in_turn = sorted(request.tilts, key=lambda tilt: turns.get(tilt.path, len(turns)))
    listed = [_tilt(tilt, tilts.get(tilt.path)) for tilt in in_turn]
    movies = [str(tilt["path"]) for tilt in listed]
    payload: dict[str, JsonValue] = {
        "name": place.name,
        "frames": os.path.commonpath([Path(movie).parent for movie in movies]),
        "movies": list(movies),
        "tilts": list(listed),
        "acquisition": optics(request),
        "tilt_axis": axis_of(request),
        "tilt_offset": request.manual_tilt_offset,
        "dose_per_tilt": round((request.dose_per_frame or 0.0) * request.frame_count, 6) or None,
    }
    return Arrival(session=session.name, kind=request.kind, key=place.key, payload=payload)


def _tilt(tilt: AskedTilt, request: TomoPreprocess | None) -> dict[str, JsonValue]:
    """Return a tilt by its movie; one that nobody has asked for before by the image, if there is one."""
    if request is None:
        return {"path": str(tilt.path), "angle": tilt.angle, "acquisition": None}
    return {**payload_of(request), "angle": tilt.angle}


def _series_with(ledger: Ledger, session: Session, request: TomoPreprocess) -> Iterator[Arrival]:
    """Announce the series anew that were asked for with the micrograph of a movie before the movie itself."""
    asked = requests_for(ledger, session.name, TomoAlign.recipe, request.mrc_out.name)
    for align in map(_align, {each.item: each for each in asked}.values()):
        if request.mrc_out in {tilt.path for tilt in align.tilts}:
            tilts = {**tilts_of(ledger, session, align), request.mrc_out: request}
            yield series_arrival(session, align, place_of(ledger, session, align), tilts)


def _align(asked: Asked) -> TomoAlign:
    request = request_in(asked)
    if not isinstance(request, TomoAlign):
        raise InputError(f"request {asked.key}", request.recipe, TomoAlign.recipe)
    return request


def axis_of(request: TomoAlign) -> float | None:
    """Return the direction of the tilt axis; none if the site says it: mdoc files are known to be wrong."""
    return None if "tilt_axis_angle" in site_parameters("tomography") else request.tilt_axis


def remember_axis(ledger: Ledger, session: Session, request: TomoAlign) -> None:
    """Let the CTF of what comes next be estimated at once, now that the direction of the tilt axis is known."""
    axis = axis_of(request)
    if axis is None or session.parameters.get("tilt_axis_angle") is not None:
        return
    opened = find_session(ledger, session.name)
    set_parameters(ledger, opened.model_copy(update={"parameters": opened.parameters | {"tilt_axis_angle": axis}}))
