"""What the items of a session agree on: told by the first, settled in the ledger, and compared with later ones."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flows.announced import acquisition_of
from flows.consensus_evidence import (
    counted,
    fitted_tilts,
    gradients,
    headers_of,
    intensity,
    mean_spectrum,
    total_of,
)
from tasks.consensus import (
    estimate_axis,
    estimate_dose,
    estimate_gain,
    estimate_hand,
    estimate_pixel_size,
    rate_orientations,
    unsteady,
)
from tasks.consensus.axis import turn
from tasks.consensus.pixel_size import find_rings
from tasks.errors import CryoemError
from tasks.essence import digest_of
from tasks.ledger import Ledger, Result, Session, begun_items, find_session, found, freeze, frozen, thaw
from tasks.models import Acquisition, Alignment, Deviation, Deviations, Estimate, Model, Motion, Movie
from tasks.project.standing import payloads_of

if TYPE_CHECKING:
    from pydantic import JsonValue

Of = TypeVar("Of", bound=Model)

_log = logging.getLogger(__name__)

_UNTELLING = (CryoemError, OSError, ValueError)
"""What may go wrong with files that are gone, of another version or of another size: no item shall fail by it."""

STEP = "session_consensus"
"""The step that compares an item with its session."""
SERIES = 5
"""Tilt series that are done before the session's axis and hand are settled."""
FEWEST_SERIES = 3
"""Tilt series that are enough if somebody asks."""
MOVIES = 3
"""Movies that are done before gain, pixel size and dose are settled."""
_IMAGES_OF_SERIES = 6
_IMAGES_OF_ONE = 8


@dataclass(frozen=True)
class First:
    """The first items of a session that are done, looked at when they are needed."""

    ledger: Ledger
    session: Session

    @property
    def parameters(self) -> "Mapping[str, JsonValue]":
        """How the session is processed."""
        return self.session.parameters

    @cached_property
    def alignments(self) -> dict[str, Alignment]:
        """Of the first series, by their keys."""
        return self._first("tilt_series_alignment", Alignment, SERIES)

    @cached_property
    def folders(self) -> list[Path]:
        """The folders of the results of the first series."""
        payloads = payloads_of(self.ledger, self.session.name, "tilt_series")
        return [self.session.folder / str(payloads[key]["name"]) for key in self.alignments if key in payloads]

    @cached_property
    def motions(self) -> dict[str, Motion]:
        """Of the first movies, by their keys."""
        return self._first("motion_correction", Motion, MOVIES)

    @cached_property
    def acquisition(self) -> Acquisition:
        """How the movies are taken, as the parameters say."""
        return Acquisition.model_validate(self.parameters["acquisition"])

    @cached_property
    def movies(self) -> list[Movie]:
        """The first movies, as they were announced."""
        kind = "movie" if self.session.kind == "spa" else "tilt_movie"
        payloads = payloads_of(self.ledger, self.session.name, kind)
        known = [
            (Path(key), acquisition_of(payloads[key], self.acquisition)) for key in self.motions if key in payloads
        ]
        return [Movie(path=path, acquisition=taken) for path, taken in known]

    def _first(self, step: str, kind: type[Of], most: int) -> dict[str, Of]:
        rows = found(self.ledger, self.session.name, step, done=True)[:most]
        return {key: kind.model_validate(result.result) for key, result in rows}


def axis(first: First) -> Estimate:
    """Pool the tilt axes of the first series."""
    nominal = first.parameters.get("tilt_axis_angle")
    angles = [alignment.tilt_axis_angle for alignment in first.alignments.values()]
    before = tuple(begun_items(first.ledger, first.session.name, "tilt_series"))
    known = float(nominal) if isinstance(nominal, int | float) else None
    return estimate_axis(angles, known).model_copy(update={"before": before})


def hand(first: First) -> Estimate:
    """Let tilted images of the first series vote on the hand."""
    slopes = [slope for folder in first.folders for slope in gradients(fitted_tilts(folder), _IMAGES_OF_SERIES)]
    estimator = first.parameters.get("ctf_estimator")
    assumed = estimator.get("handedness", -1) if isinstance(estimator, dict) else -1
    return estimate_hand(slopes, len(first.folders), int(str(assumed)))


def gain(first: First) -> Estimate:
    """Say how the gain reference lies on the frames of the first movies."""
    reference = first.movies[0].acquisition.gain
    alike = [movie for movie in first.movies if movie.acquisition.gain == reference]
    if reference is None:
        why = "there is no gain reference: the frames are taken for corrected"
        return Estimate(name="gain", value=None, confidence=0, items=len(alike), evidence=why)
    return estimate_gain(rate_orientations(total_of(alike), alike[0], reference), reference, len(alike))


def pixel_size(first: First) -> Estimate:
    """Compare the pixel size with headers, and with rings of ice or gold."""
    images = [motion.micrograph for motion in first.motions.values()]
    assumed = first.movies[0].acquisition.pixel_size
    return estimate_pixel_size(assumed, list(headers_of(first.movies)), find_rings(*mean_spectrum(images)), len(images))


def dose(first: First) -> Estimate:
    """Compare the electrons that the first movies count with the dose."""
    taken = first.movies[0].acquisition
    return estimate_dose([counted(movie) for movie in first.movies], taken.pixel_size, taken.dose_per_frame)


Estimator = Callable[[First], Estimate]
OF_MOVIES: dict[str, Estimator] = {"gain": gain, "pixel_size": pixel_size, "dose": dose}
OF_SERIES: dict[str, Estimator] = {"tilt_axis": axis, "handedness": hand}


def look(ledger: Ledger, name: str, kind: str) -> None:
    """Settle what items of a kind tell, if enough of them are done; whatever happens, the items stay done."""
    try:
        known, asked = frozen(ledger, name), OF_SERIES if kind == "tilt_series" else OF_MOVIES
        if asked.keys() <= known.keys():
            return
        first = First(ledger, find_session(ledger, name))
        if len(first.alignments) >= SERIES if asked is OF_SERIES else len(first.movies) >= MOVIES:
            _settle(first, asked, known)
    except _UNTELLING as reason:
        _log.warning("what the items of %s agree on cannot be told: %s", name, reason)


def settled_consensus(ledger: Ledger, name: str, *, anew: bool = False) -> dict[str, Estimate]:
    """Settle what the items of a session agree on as far as any can tell; return it.

    What is settled stays, unless it is asked for ``anew``.
    """
    if anew:
        thaw(ledger, name)
    known, first = frozen(ledger, name), First(ledger, find_session(ledger, name))
    if first.movies:
        _settle(first, OF_MOVIES, known)
    if len(first.alignments) >= FEWEST_SERIES:
        _settle(first, OF_SERIES, known)
    return frozen(ledger, name)


def axis_to_start(ledger: Ledger, session: str, key: str) -> float | None:
    """Return the settled tilt axis for a series that was not begun before; None if there is none."""
    known = frozen(ledger, session).get("tilt_axis")
    if known is None or not isinstance(known.value, float) or key in known.before:
        return None
    return known.value


def compared(ledger: Ledger, session: str, alignment: Alignment, folder: Path) -> Iterator[Result]:
    """Return how a tilt series, with results in a folder, differs from its session, if anything of that is settled."""
    known = frozen(ledger, session)
    if not known.keys() & OF_SERIES.keys():
        return
    try:
        deviations = tuple(_deviations(known, alignment, folder))
    except _UNTELLING as reason:
        _log.warning("a series cannot be compared with session %s: %s", session, reason)
        return
    value = Deviations(deviations=deviations).model_dump(mode="json")
    yield Result(step=STEP, digest=digest_of({"value": value}), result=value, tool="cryoem-flows")


def _deviations(known: Mapping[str, Estimate], alignment: Alignment, folder: Path) -> Iterator[Deviation]:
    tilts = fitted_tilts(folder)
    pooled = known.get("tilt_axis")
    found_axis = alignment.tilt_axis_angle
    if pooled and isinstance(pooled.value, float) and turn(found_axis, pooled.value) > (pooled.tolerance or 180.0):
        value = round(found_axis, 2)
        yield Deviation(name="tilt_axis", value=value, expected=pooled.value, unit=pooled.unit)
    if (voted := known.get("handedness")) and voted.value is not None:
        one = estimate_hand(gradients(tilts, _IMAGES_OF_ONE), 1)
        if one.value is not None and one.value != voted.value:
            yield Deviation(name="handedness", value=one.value, expected=voted.value)
    bright = [(tilt, mean) for tilt in tilts if (mean := intensity(tilt.micrograph)) is not None]
    odd = unsteady([mean for _, mean in bright], [tilt.tilt.angle for tilt, _ in bright])
    for index, factor in odd.items():
        name = bright[index][0].micrograph.path.stem
        yield Deviation(name="dose", value=f"{factor:.2f} times in {name}", expected="that of the other tilts")


def _settle(first: First, estimators: Mapping[str, Estimator], known: Mapping[str, Estimate]) -> None:
    """Settle what is not yet settled; what cannot be told is settled as such, or every item would try again."""
    for name in sorted(estimators.keys() - known.keys()):
        try:
            estimate = estimators[name](first)
        except _UNTELLING as reason:
            estimate = Estimate.model_validate(
                {"name": name, "value": None, "confidence": 0, "items": 0, "evidence": f"could not be asked: {reason}"}
            )
        freeze(first.ledger, first.session.name, estimate)
