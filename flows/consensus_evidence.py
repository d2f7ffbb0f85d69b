"""What is asked of the first items of a session, and of each tilt series: measured in files that steps have left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from flows.records import believed_of
from tasks.consensus import Counting, count
from tasks.ctf_estimation import defocus_gradient
from tasks.ctf_estimation.radial import radial_spectrum
from tasks.formats.frames import raw_frames
from tasks.formats.mrc import header
from tasks.formats.mrc_header import raw_header
from tasks.models import Ctf, Micrograph, Movie, Optics, TiltGeometry

_STEEP = (20.0, 50.0)
"""Degrees: less makes no gradient, more leaves no Thon rings."""
_COUNTED = 8
"""Frames of a movie in which electrons are counted."""
_MRC = {".mrc", ".mrcs", ".st"}


@dataclass(frozen=True)
class Fitted:
    """A tilt image whose CTF is known."""

    micrograph: Micrograph
    optics: Optics
    ctf: Ctf
    tilt: TiltGeometry


class _Kept(BaseModel):
    """The record of a CTF."""

    inputs: dict[str, Any]
    result: Ctf


def fitted_tilts(folder: Path) -> list[Fitted]:
    """Return the tilt images of a series whose CTFs were estimated in a folder of results, in order of their names."""
    records = sorted((folder / "ctf_estimation").glob("*_ctf.json"))
    return [fitted for record in records if (fitted := _fitted(believed_of(record)))]


def gradients(tilts: Sequence[Fitted], most: int) -> list[float]:
    """Measure the slopes of the defocus across some tilted images of a series, those near 35 degree first."""
    steep = [tilt for tilt in tilts if _STEEP[0] <= abs(tilt.tilt.angle) <= _STEEP[1]]
    chosen = sorted(steep, key=lambda tilt: abs(abs(tilt.tilt.angle) - 35))[:most]
    return [defocus_gradient(tilt.micrograph, tilt.optics, tilt.ctf, tilt.tilt).slope for tilt in chosen]


def intensity(image: Micrograph) -> float | None:
    """Return the mean of an image as its header says it; None if it does not."""
    if image.path.suffix.lower() not in _MRC or image.section:
        return None
    fields = raw_header(image.path)[0]
    lowest, mean, highest = (float(fields[name]) for name in ("dmin", "dmean", "dmax"))
    return mean if lowest <= mean <= highest and mean > 0 else None


def counted(movie: Movie) -> Counting:
    """Count the electrons in the first frames of a movie."""
    return count(islice(raw_frames(movie), _COUNTED))


def total_of(movies: Sequence[Movie]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the sum of the raw frames of movies."""
    frames = (frame for movie in movies for frame in raw_frames(movie))
    total = np.array(next(frames), np.float32)
    for frame in frames:
        total += frame
    return total


def headers_of(movies: Sequence[Movie]) -> Iterator[float]:
    """Yield the pixel sizes that headers of movies say, in angstrom."""
    for movie in movies:
        if movie.path.suffix.lower() in _MRC and (said := header(movie.path).pixel_size):
            yield said


def mean_spectrum(images: Sequence[Micrograph]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the mean of the radial spectra of images of one shape: only the rings of crystals do not fade in it."""
    spectra = [radial_spectrum(image) for image in images]
    frequency, _ = spectra[0]
    return frequency, np.mean([power for each, power in spectra if len(each) == len(frequency)], axis=0)


def _fitted(record: Path) -> Fitted | None:
    """Return what a record tells of a tilt image; None of one of another version, or of an image without tilt."""
    try:
        kept = _Kept.model_validate_json(record.read_text())
        image, optics, tilt = (kept.inputs.get(name) for name in ("micrograph", "optics", "tilt"))
        if not isinstance(image, dict) or tilt is None:
            return None
        paths = {name: value[0] for name in ("path", "unweighted") if (value := image.get(name))}
        plain = {name: image[name] for name in ("pixel_size", "section") if name in image}
        micrograph = Micrograph.model_validate(plain | paths)
        return Fitted(micrograph, Optics.model_validate(optics), kept.result, TiltGeometry.model_validate(tilt))
    except (FileNotFoundError, ValidationError):
        return None
