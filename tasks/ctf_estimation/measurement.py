"""Measure the power spectra of an image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.ctf_estimation.polar import PolarSpectra, to_polar
from tasks.ctf_estimation.spectrum import average_spectra
from tasks.ctf_estimation.tiles import Tiling
from tasks.errors import InputError
from tasks.numerics.device import to_device, to_host

Image = npt.NDArray[np.float32]

SMALLEST = 128
"""Pixels along a side of an image, at least."""
FINEST = 0.4
"""1 / angstrom; spectra are not kept beyond."""
_CENTRAL = 300.0
"""Angstrom of defocus from the centre within which spectra are pictured together."""


@dataclass(frozen=True)
class Measurement:
    """The spectra of an image."""

    polar: PolarSpectra
    central: npt.NDArray[np.float32]
    """Mean spectrum near the centre of the image; (side, side // 2 + 1)."""
    step: float
    """Frequency step in 1 / angstrom."""


def check(image: Image, path: Path) -> None:
    """Refuse an image that cannot have Thon rings."""
    if min(image.shape) < SMALLEST:
        size = f"{image.shape[1]} x {image.shape[0]} pixels"
        raise InputError(path, size, f"at least {SMALLEST} x {SMALLEST} pixels to see Thon rings")
    bad = int(image.size - np.count_nonzero(np.isfinite(image)))
    if bad:
        raise InputError(path, f"{bad} pixels that are not finite", "numbers only")
    if image.min() == image.max():
        raise InputError(path, f"the same value {image.min():g} in all pixels", "an image")


def measure(image: Image, tiling: Tiling, pixel_size: float, band: tuple[float, float], device: str) -> Measurement:
    """Average the spectra of tiles; ``band``: frequencies (1 / angstrom) in which each tile is scaled to 1."""
    side = min(tiling.side, 2 * round(FINEST * tiling.side * pixel_size))
    step = 1 / (tiling.side * pixel_size)
    low, high = band
    spectra = to_host(
        average_spectra(to_device(image, device), tiling, side, (low * pixel_size, high * pixel_size)),
    )
    tiles = np.bincount(tiling.group)
    # Tiles overlap: together they have no more independent coefficients than the image.
    coefficients = tiles * image.size / (tiles.sum() * tiling.side**2)
    central = np.abs(tiling.offset) <= max(_CENTRAL, float(np.abs(tiling.offset).min()))
    return Measurement(
        polar=to_polar(spectra, step, coefficients, tiling.offset),
        central=np.average(spectra[central], axis=0, weights=tiles[central]),
        step=step,
    )
