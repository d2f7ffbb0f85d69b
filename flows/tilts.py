"""Steps that are done tilt by tilt: a tilt that fails does not stop its series."""

from collections.abc import Mapping
from pathlib import Path

from flows.doubts import question_of_ctf, question_of_motion
from flows.known import Known
from flows.mapped import Mapped, begun_in_doubt
from flows.tools import TomographyTools
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


def correct_motions(series: TiltSeries, tools: TomographyTools, folder: Path, known: Known) -> Mapped[Motion]:
    """Start the motion correction of every tilt that is a movie, unless it is done already."""
    corrector, opinions = tools.motion_corrector, tools.second_opinions
    movies = series.movies.items()
    return begun_in_doubt(
        {name: question_of_motion(movie, corrector, opinions, folder) for name, movie in movies}, known
    )


def estimate_ctfs(series: ImagedTiltSeries, tools: TomographyTools, folder: Path, known: Known) -> Mapped[Ctf]:
    """Start the CTF estimation of every image, unless it is done already."""
    axis, optics, estimator, opinions = (
        series.tilt_axis_angle,
        series.optics,
        tools.ctf_estimator,
        tools.second_opinions,
    )
    questions = {
        image.tilt.name: question_of_ctf(
            image.micrograph, optics, estimator, opinions, folder, geometry(image.tilt, axis)
        )
        for image in series.images
    }
    return begun_in_doubt(questions, known)


def geometry(tilt: Tilt, axis_angle: float) -> TiltGeometry:
    """Say how the specimen lies in an image, to a tenth of a degree: names of files and mdoc files agree no better."""
    return TiltGeometry(angle=round(tilt.angle, 1), axis_angle=axis_angle)


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
