"""What was found of an exposure of either kind, with its pictures."""

from pathlib import Path
from typing import Any

from flows.announced import acquisition_of
from flows.ispyb.exposures import ExposurePictures, movie_file
from flows.ispyb.kept import Kept, recorded
from flows.ispyb.pictures import pictures_of_micrograph
from flows.sessions import TomographySession
from flows.spa_sessions import SpaSession
from tasks.errors import InputError
from tasks.models import Acquisition, Ctf, Micrograph, Motion, Picks


def exposed(movie: Kept, tools: SpaSession | TomographySession, picks: Picks | None = None) -> dict[str, Any]:
    """Return the fields of an Exposure."""
    path, acquisition = Path(movie.item.key), _taken(movie, tools.acquisition)
    motion, ctf = (
        recorded(Motion, movie.results, "motion_correction"),
        recorded(Ctf, movie.results, "ctf_estimation"),
    )
    return {
        "file": movie_file(path),
        "acquisition": acquisition,
        "corrector": tools.motion_corrector,
        "estimator": tools.ctf_estimator,
        "motion": motion,
        "ctf": ctf,
        "pictures": _pictures(Micrograph(path=path, pixel_size=acquisition.pixel_size), motion, ctf, picks),
    }


def _taken(movie: Kept, usual: Acquisition) -> Acquisition:
    try:
        return acquisition_of(movie.item.payload, usual)
    except InputError:
        # The movie was given up for that.
        return usual


def _pictures(movie: Micrograph, motion: Motion | None, ctf: Ctf | None, picks: Picks | None) -> ExposurePictures:
    """Picture an exposure beside its results; of a movie that was given up at first there is nothing to be seen."""
    image = motion.micrograph if motion else movie
    first = motion.metadata if motion else ctf.diagnostic if ctf else None
    # Each step has a folder of its own.
    return pictures_of_micrograph(first.parent.parent, image, motion, ctf, picks) if first else ExposurePictures()
