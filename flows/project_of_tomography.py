"""What the ledger knows of a tomography session, for its project."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePath
from typing import TypeVar

from pydantic import JsonValue

from flows.announced import source_of
from flows.sessions import TomographySession
from tasks.errors import CryoemError
from tasks.essence import digest_of
from tasks.ledger import Ledger, Result, Session, results_of
from tasks.models import Alignment, Ctf, Model, Motion, TiltSeries, Tomogram
from tasks.project import Items, ProcessedTiltSeries
from tasks.project.places import word
from tasks.project.standing import Item, items_of, payloads_of

Found = TypeVar("Found", bound=Model)
Payload = Mapping[str, JsonValue]


def series_of(ledger: Ledger, session: Session) -> Items[ProcessedTiltSeries]:
    """Return the tilt series of a session; of two that RELION could not tell apart, the first that is not given up."""
    parameters = TomographySession.of(session)
    items, payloads = items_of(ledger, session.name, "tilt_series"), payloads_of(ledger, session.name, "tilt_series")
    keys = _told_apart(items, payloads)
    tilts = _Tilts(items_of(ledger, session.name, "tilt_movie").values())

    def load(wanted: list[str]) -> Iterator[tuple[str, ProcessedTiltSeries]]:
        for key in wanted:
            # What cannot be gathered is given up by the flow, which says why.
            with suppress(CryoemError, OSError):
                series = _gathered(parameters, payloads[key], session.folder)
                yield key, _processed(ledger, session.name, items[key], series)

    return Items(
        stamps={key: f"{items[key].stamp} {tilts.stamp(payloads[key])}" for key in keys},
        load=load,
        basis=digest_of(parameters.model_dump(mode="json", include={"acquisition", *_GEOMETRY})),
    )


_GEOMETRY = ("tilt_axis_angle", "dose_per_tilt")


class _Tilts:
    """How the tilt movies of a session stand, by their names, which are told apart by their folders."""

    def __init__(self, tilts: Iterable[Item]) -> None:
        self._by_name: defaultdict[str, list[Item]] = defaultdict(list)
        for tilt in tilts:
            self._by_name[PurePath(tilt.key).name].append(tilt)

    def stamp(self, payload: Payload) -> str:
        """Return text that changes when there is news of a tilt of a series."""
        names, folder = payload.get("movies"), str(payload.get("frames", ""))
        listed = [str(name) for name in names] if isinstance(names, list) else list(self._by_name)
        mine = [tilt for name in listed for tilt in self._by_name.get(PurePath(name).name, ())]
        told = " ".join(f"{tilt.key} {tilt.stamp}" for tilt in mine if tilt.key.startswith(folder))
        return sha256(told.encode()).hexdigest()[:16]


def _told_apart(items: Mapping[str, Item], payloads: Mapping[str, Payload]) -> list[str]:
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for key in items:
        by_name[word(str(payloads[key]["name"]))].append(key)
    return [next((key for key in keys if not items[key].failure), keys[0]) for keys in by_name.values()]


def _gathered(parameters: TomographySession, payload: Payload, folder: Path) -> TiltSeries:
    source = source_of(payload, parameters)
    return source.gather(folder).model_copy(update={"name": str(payload["name"])})


def _processed(ledger: Ledger, session: str, item: Item, series: TiltSeries) -> ProcessedTiltSeries:
    known = results_of(ledger, session, "tilt_series", [item.key]).get(item.key, {})
    names = {str(movie.path): name for name, movie in series.movies.items()}
    tilts = results_of(ledger, session, "tilt_movie", list(names))
    return ProcessedTiltSeries(
        series=series,
        motions=_by_tilt(Motion, names, tilts, "motion_correction"),
        ctfs=_by_tilt(Ctf, names, tilts, "ctf_estimation"),
        alignment=_result(Alignment, known, "tilt_series_alignment"),
        tomogram=_result(Tomogram, known, "tomogram_reconstruction"),
        denoised=_result(Tomogram, known, "denoising"),
        failure=item.failure,
    )


def _by_tilt(
    kind: type[Found], names: Mapping[str, str], known: Mapping[str, Mapping[str, Result]], step: str
) -> dict[str, Found]:
    return {names[key]: found for key in names if (found := _result(kind, known.get(key, {}), step))}


def _result(kind: type[Found], known: Mapping[str, Result], step: str) -> Found | None:
    return kind.model_validate(known[step].result) if step in known else None
