"""Gain references: the factors that make the pixels of a camera equally sensitive.

How they are turned: like the frames, a reference is seen with y upwards (TIFF and DM rows are turned over on reading),
then rotated counter-clockwise, then flipped. RELION and MotionCor mean the same by --gain_rot, --gain_flip, -RotGain
and -FlipGain for MRC and TIFF files; they take the rows of a DM file as they come, so that it needs an upside-down flip
there that it must not have here.

Whether they multiply: all do, except that the reference of an EER movie holds sensitivities (and divides) unless its
name ends in .gain; the rows of a .gain file are not turned over, as those of the EER movie are not. This is RELION's
rule. A factor of 0 marks a pixel that the camera does not have.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.errors import FormatError, InputError
from tasks.formats import dm, mrc, tiff
from tasks.formats.frames import frame_shape
from tasks.formats.mrc_header import describe
from tasks.models import GainReference, Movie

Image = npt.NDArray[np.float32]

_READERS = {
    ".mrc": mrc.read_image,
    ".mrcs": mrc.read_image,
    ".tif": tiff.read_image,
    ".tiff": tiff.read_image,
    ".gain": tiff.read_image,
    ".dm3": dm.read_image,
    ".dm4": dm.read_image,
}


def gain_of(movie: Movie) -> Image | None:
    """Return the factors that the frames of a movie must be multiplied with, or none if they are corrected already."""
    reference = movie.acquisition.gain
    if reference is None:
        return None
    return factors(movie, reference, read_gain(reference))


def factors(movie: Movie, reference: GainReference, stored: Image) -> Image:
    """Return the factors that the frames of a movie must be multiplied with, of the turned values of a reference."""
    is_sensitivity = movie.path.suffix.lower() == ".eer" and reference.path.suffix.lower() != ".gain"
    return fit_gain(_reciprocal(stored) if is_sensitivity else stored, frame_shape(movie), reference.path)


def read_gain(reference: GainReference) -> Image:
    """Return the values of a reference as (ny, nx) image with y upwards, rotated and flipped."""
    path = reference.path
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise FormatError(path, f"suffix {suffix or 'missing'}", f"a gain reference: {', '.join(_READERS)}")
    image = _READERS[suffix](path)
    turned = turn(image[::-1] if suffix == ".gain" else image, reference)
    lowest, highest = float(turned.min()), float(turned.max())
    if not (0 <= lowest <= highest < np.inf) or highest == 0:
        raise InputError(
            path, f"values from {lowest:g} to {highest:g}", "a gain reference: positive factors, 0 for defects"
        )
    return np.ascontiguousarray(turned)


def fit_gain(gain: Image, frame_shape: tuple[int, int], path: Path) -> Image:
    """Fit a gain reference to frames of (ny, nx) pixels: one of half or twice their sampling can be used too."""
    rows, columns = frame_shape
    if gain.shape == frame_shape:
        return gain
    if (gain.shape[0] * 2, gain.shape[1] * 2) == frame_shape:
        return gain.repeat(2, axis=0).repeat(2, axis=1)
    if gain.shape == (rows * 2, columns * 2):
        return np.asarray(gain.reshape(rows, 2, columns, 2).mean(axis=(1, 3)), np.float32)
    hint = " (a quarter turn would make it fit)" if gain.shape == (columns, rows) else ""
    raise InputError(
        path, f"{describe(gain.shape)} pixels after rotation{hint}", f"{describe(frame_shape)} as the frames have"
    )


def turn(image: Image, reference: GainReference) -> Image:
    """Rotate, then flip an image with y upwards as a reference says."""
    # NumPy turns the other way round if y points upwards.
    turned = np.rot90(image, -reference.rotation)
    if reference.flip == "upside-down":
        return turned[::-1]
    return turned[:, ::-1] if reference.flip == "left-right" else turned


def _reciprocal(sensitivity: Image) -> Image:
    """Turn sensitivities to factors around 1; 0 stays 0."""
    mean = sensitivity[sensitivity > 0].mean()
    factors = np.zeros_like(sensitivity)
    np.divide(mean, sensitivity, out=factors, where=sensitivity > 0)
    return factors
