"""Steps that are done tilt by tilt: a tilt that fails does not stop its series."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from prefect import unmapped
from prefect.futures import PrefectFuture, as_completed

from tasks.ctf_estimation import CtfEstimator, estimate_ctf
from tasks.models import (
    Ctf,
    Exclusion,
    ImagedTiltSeries,
    Micrograph,
    Motion,
    Tilt,
    TiltGeometry,
    TiltImage,
    TiltSeries,
)
from tasks.motion_correction import MotionCorrector, correct_motion
from tasks.report import Progress

Result = TypeVar("Result")
Futures = dict[str, PrefectFuture[Result]]


def correct_motions(series: TiltSeries, corrector: MotionCorrector, folder: Path) -> Futures[Motion]:
    """Start the motion correction of every tilt that is a movie."""
    futures = correct_motion.map(list(series.movies.values()), unmapped(corrector), unmapped(folder))
    return dict(zip(series.movies, futures, strict=True))


def estimate_ctfs(series: ImagedTiltSeries, estimator: CtfEstimator, folder: Path) -> Futures[Ctf]:
    """Start the CTF estimation of every image."""
    futures = estimate_ctf.map(
        [image.micrograph for image in series.images],
        unmapped(series.optics),
        unmapped(estimator),
        unmapped(folder),
        [TiltGeometry(angle=image.tilt.angle, axis_angle=series.tilt_axis_angle) for image in series.images],
    )
    return {image.tilt.name: future for image, future in zip(series.images, futures, strict=True)}


def settled(futures: Futures[Result], progress: Progress) -> tuple[dict[str, Result], dict[str, str]]:
    """Wait for the tasks of tilts; return the results, and the reasons of those that failed."""
    for _ in as_completed(list(futures.values())):
        progress.advance()
    for future in futures.values():
        # Without this the state is what the server knows, which lags behind.
        future.wait()
    states = {name: future.state for name, future in futures.items()}
    results = {name: futures[name].result() for name, state in states.items() if state.is_completed()}
    reasons = {
        name: str(state.result(raise_on_failure=False)) for name, state in states.items() if not state.is_completed()
    }
    return results, reasons


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


def _image(tilt: Tilt, motions: Mapping[str, Motion]) -> Micrograph | None:
    if isinstance(tilt.source, Micrograph):
        return tilt.source
    motion = motions.get(tilt.name)
    return motion.micrograph if motion else None
