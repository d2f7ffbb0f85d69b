"""Sort power spectra into polar cells: few numbers that keep all a fit needs."""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating]

SECTORS = 36
"""Sectors of the half plane."""
_CROSS = 1
"""Rows and columns beside the axes that are left out: fixed patterns of the camera lie there."""


@dataclass(frozen=True)
class PolarSpectra:
    """Mean power in cells of azimuth and frequency, for each group of tiles."""

    power: Numbers
    """(groups, sectors, radii)."""
    count: Numbers
    """Independent coefficients in each cell; (groups, sectors, radii)."""
    frequency_squared: Numbers
    """Mean in each cell, in 1 / angstrom squared; (sectors, radii)."""
    azimuth: Numbers
    """Middle of each sector in radian, counter-clockwise from x; (sectors,)."""
    offset: Numbers
    """Defocus of each group relative to the centre of the image, in angstrom; (groups,)."""
    frequency: Numbers
    """Middle of each radius in 1 / angstrom; (radii,)."""

    def within(self, low: float, high: float) -> Self:
        """Return the cells between two frequencies (1 / angstrom)."""
        kept = (self.frequency >= low) & (self.frequency <= high)
        return replace(
            self,
            power=self.power[..., kept],
            count=self.count[..., kept],
            frequency_squared=self.frequency_squared[..., kept],
            frequency=self.frequency[kept],
        )


def to_polar(spectra: npt.NDArray[np.float32], step: float, coefficients: Numbers, offset: Numbers) -> PolarSpectra:
    """Sort spectra (groups, side, side // 2 + 1) with a frequency step of ``step`` 1 / angstrom.

    ``coefficients``: independent coefficients per pixel of the spectrum of each group.
    """
    side = spectra.shape[-2]
    y = np.fft.fftfreq(side, 1 / side)[:, None]
    x = np.arange(side // 2 + 1)[None, :]
    radius = np.hypot(x, y)
    bins = np.round(radius).astype(np.int64)
    radii = side // 2
    sector = np.floor((np.arctan2(y, x) / math.pi + 0.5) * SECTORS).astype(np.int64) % SECTORS
    kept = (np.abs(y) > _CROSS) & (x > _CROSS) & (bins < radii)
    cell = (sector * radii + bins)[kept]
    cells = SECTORS * radii
    pixels = np.bincount(cell, minlength=cells)
    sums = np.stack([np.bincount(cell, spectrum[kept], minlength=cells) for spectrum in spectra])
    squares = np.bincount(cell, (radius**2)[kept], minlength=cells)
    empty = pixels == 0
    nominal = np.tile(np.arange(radii) ** 2.0, SECTORS)
    squares = np.where(empty, nominal, squares / np.maximum(pixels, 1)).reshape(SECTORS, radii)
    return PolarSpectra(
        power=(sums / np.maximum(pixels, 1)).reshape(-1, SECTORS, radii),
        count=(coefficients[:, None] * pixels).reshape(-1, SECTORS, radii),
        frequency_squared=squares * step**2,
        azimuth=(np.arange(SECTORS) + 0.5) / SECTORS * math.pi - math.pi / 2,
        offset=offset,
        frequency=np.arange(radii) * step,
    )
