"""What RELION wants in its folder before it corrects the motion of a movie."""

from pathlib import Path

import numpy as np

from tasks.formats import mrc
from tasks.formats.frames import frame_shape
from tasks.formats.gain import gain_of
from tasks.formats.star_text import loop
from tasks.models import Movie
from tasks.motion_correction.spectrum import group_length

OUTPUT = "out/frames/movie"
"""What the names of its output begin with."""
_FLIPS = {"none": 0, "upside-down": 1, "left-right": 2}
_OPTICS = (
    "rlnOpticsGroupName",
    "rlnOpticsGroup",
    "rlnMicrographOriginalPixelSize",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
)
_SPECTRUM = 512
"""Pixels of the power spectrum."""


def prepare(movie: Movie, scratch: Path) -> None:
    """Link the movie and write the list that names it; its own name may hold dots and blanks, at which RELION stops."""
    link = Path("frames") / f"movie{movie.path.suffix}"
    for folder in ("frames", "out/frames"):
        (scratch / folder).mkdir(parents=True, exist_ok=True)
    (scratch / link).symlink_to(movie.path.resolve())
    acquisition = movie.acquisition
    optics = (
        "optics",
        1,
        acquisition.pixel_size,
        acquisition.voltage,
        acquisition.spherical_aberration,
        acquisition.amplitude_contrast,
    )
    movies = loop("movies", ("rlnMicrographMovieName", "rlnOpticsGroup"), [(str(link), 1)])
    (scratch / "movies.star").write_text(loop("optics", _OPTICS, [optics]) + movies)


def gain_flags(movie: Movie, scratch: Path) -> list[str]:
    """Return the flags of the gain reference, which is converted if RELION would not read or turn it as we do."""
    gain = movie.acquisition.gain
    if gain is None:
        return []
    is_eer = movie.path.suffix.lower() == ".eer"
    if not is_eer and gain.path.suffix.lower() == ".mrc":
        rows, columns = mrc.header(gain.path).shape[1:]
        if frame_shape(movie) == ((columns, rows) if gain.rotation % 2 else (rows, columns)):
            turn = ["--gain_rot", str(gain.rotation), "--gain_flip", str(_FLIPS[gain.flip])]
            return ["--gainref", str(gain.path.resolve()), *turn]
    factors = gain_of(movie)
    if factors is None:
        return []
    if is_eer:
        # RELION divides by such references in MRC files.
        factors = np.divide(1, factors, out=np.zeros_like(factors), where=factors > 0)
    mrc.write_mrc(scratch / "reference.mrc", factors, movie.acquisition.pixel_size)
    return ["--gainref", "reference.mrc"]


def spectrum_flags(movie: Movie, binning: float) -> list[str]:
    """Return the flags of the power spectrum, which cannot be larger than the image."""
    length = group_length(movie.acquisition.dose_per_frame, 10**6)
    side = min(_SPECTRUM, int(min(frame_shape(movie)) / binning) // 2 * 2)
    return ["--grouping_for_ps", str(length), "--ps_size", str(side)]
