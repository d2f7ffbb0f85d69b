"""What was found of an exposure of either kind, and its pictures."""

from pathlib import Path
from typing import Any

from flows.announced import acquisition_of
from flows.ispyb.exposures import Exposure, ExposurePictures, movie_file
from flows.ispyb.kept import Kept, recorded
from flows.ispyb.pictures import pictures_of_micrograph
from flows.sessions import TomographySession
from flows.spa_sessions import SpaSession
from tasks.errors import InputError
from tasks.models import Acquisition, Ctf, Micrograph, Motion, Picks


def exposed(movie: Kept, tools: SpaSession | TomographySession) -> dict[str, Any]:
    """Return the fields of an Exposure."""
    return {
        "file": movie_file(Path(movie.item.key)),
        "acquisition": _taken(movie, tools.acquisition),
        "corrector": tools.motion_corrector,
        "estimator": tools.ctf_estimator,
        "motion": recorded(Motion, movie.results, "motion_correction"),
        "ctf": recorded(Ctf, movie.results, "ctf_estimation"),
    }


def pictures_of(exposure: Exposure, picks: Picks | None = None) -> ExposurePictures:
    """Picture an exposure beside its results; of a movie that was given up at first there is nothing to be seen."""
    motion, ctf = exposure.motion, exposure.ctf
    itself = Micrograph(path=exposure.file.path, pixel_size=exposure.acquisition.pixel_size)
    first = motion.metadata if motion else ctf.diagnostic if ctf else None
    if first is None:
        return ExposurePictures()
    # Each step has a folder of its own.
    return pictures_of_micrograph(first.parent.parent, motion.micrograph if motion else itself, motion, ctf, picks)


def _taken(movie: Kept, usual: Acquisition) -> Acquisition:
    try:
        return acquisition_of(movie.item.payload, usual)
    except InputError:
        # The movie was given up for that.
        return usual
