"""Steps that are done tilt by tilt: a tilt that fails does not stop its series."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from prefect import unmapped
from prefect.futures import PrefectFuture, as_completed

from flows.known import Known
from tasks.ctf_estimation import CtfEstimator, estimate_ctf, place_of_ctf
from tasks.models import (
    Ctf,
    Exclusion,
    ImagedTiltSeries,
    Micrograph,
    Model,
    Motion,
    Tilt,
    TiltGeometry,
    TiltImage,
    TiltSeries,
)
from tasks.motion_correction import MotionCorrector, correct_motion, place_of_motion
from tasks.report import Progress
from tasks.reuse import Place, recall

Found = TypeVar("Found", bound=Model)


@dataclass(frozen=True)
class Mapped(Generic[Found]):
    """A step of many tilts: what was found before, and what is being computed."""

    places: Mapping[str, Place[Found]]
    known: Mapping[str, Found]
    futures: Mapping[str, PrefectFuture[Found]]

    @property
    def records(self) -> list[Path]:
        """The records of all tilts."""
        return [place.record for place in self.places.values()]


def correct_motions(series: TiltSeries, corrector: MotionCorrector, folder: Path, known: Known) -> Mapped[Motion]:
    """Start the motion correction of every tilt that is a movie, unless it is done already."""
    places = {name: place_of_motion(movie, corrector, folder) for name, movie in series.movies.items()}
    done = _done(places, known)
    todo = {name: movie for name, movie in series.movies.items() if name not in done}
    futures = correct_motion.map(list(todo.values()), unmapped(corrector), unmapped(folder)) if todo else []
    return Mapped(places, done, dict(zip(todo, futures, strict=True)))


def estimate_ctfs(series: ImagedTiltSeries, estimator: CtfEstimator, folder: Path, known: Known) -> Mapped[Ctf]:
    """Start the CTF estimation of every image, unless it is done already."""
    images = {image.tilt.name: image for image in series.images}
    lying = {name: geometry(image.tilt, series.tilt_axis_angle) for name, image in images.items()}
    places = {
        name: place_of_ctf(image.micrograph, series.optics, estimator, folder, lying[name])
        for name, image in images.items()
    }
    done = _done(places, known)
    todo = [name for name in images if name not in done]
    futures = estimate_ctf.map(
        [images[name].micrograph for name in todo],
        unmapped(series.optics),
        unmapped(estimator),
        unmapped(folder),
        [lying[name] for name in todo],
    )
    return Mapped(places, done, dict(zip(todo, futures, strict=True)))


def geometry(tilt: Tilt, axis_angle: float) -> TiltGeometry:
    """Say how the specimen lies in an image, to a tenth of a degree: names of files and mdoc files agree no better."""
    return TiltGeometry(angle=round(tilt.angle, 1), axis_angle=axis_angle)


def settled(step: Mapped[Found], progress: Progress) -> tuple[dict[str, Found], dict[str, str]]:
    """Wait for the tasks of tilts; return the results, and the reasons of those that failed."""
    progress.advance(len(step.known))
    for _ in as_completed(list(step.futures.values())):
        progress.advance()
    for future in step.futures.values():
        # Without this the state is what the server knows, which lags behind.
        future.wait()
    states = {name: future.state for name, future in step.futures.items()}
    results = {name: step.futures[name].result() for name, state in states.items() if state.is_completed()}
    reasons = {
        name: str(state.result(raise_on_failure=False)) for name, state in states.items() if not state.is_completed()
    }
    return {**step.known, **results}, reasons


def imaged(series: TiltSeries, motions: Mapping[str, Motion], reasons: Mapping[str, str]) -> ImagedTiltSeries:
    """Put images in the place of the movies; tilts without one are excluded with the reason."""
    images = [TiltImage(tilt=tilt, micrograph=image) for tilt in series.tilts if (image := _image(tilt, motions))]
    failed = tuple(Exclusion(name=name, reason=reason) for name, reason in reasons.items())
    return ImagedTiltSeries(
        name=series.name,
        images=tuple(images),
        tilt_axis_angle=series.tilt_axis_angle,
        optics=series.optics,
        excluded=series.excluded + failed,
    )


def with_ctfs(series: ImagedTiltSeries, ctfs: Mapping[str, Ctf]) -> ImagedTiltSeries:
    """Add the CTFs that were found to the images."""
    images = [image.model_copy(update={"ctf": ctfs.get(image.tilt.name)}) for image in series.images]
    return series.model_copy(update={"images": tuple(images)})


def _done(places: Mapping[str, Place[Found]], known: Known) -> dict[str, Found]:
    """Return what was found before of the same inputs, according to the ledger or to the record beside the files."""
    found = {name: known.recall(name, place) or recall(place) for name, place in places.items()}
    return {name: result for name, result in found.items() if result is not None}


def _image(tilt: Tilt, motions: Mapping[str, Motion]) -> Micrograph | None:
    if isinstance(tilt.source, Micrograph):
        return tilt.source
    motion = motions.get(tilt.name)
    return motion.micrograph if motion else None
