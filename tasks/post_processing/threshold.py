"""At which density a mask is to be drawn, found from the map itself."""

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from tasks.errors import ResultError
from tasks.numerics.fourier import irfft3, rfft3
from tasks.numerics.parting import otsu

Volume = npt.NDArray[np.float32]

_SHELL = (0.85, 0.98)
"""Radii, in half boxes, between which there is solvent; RELION smooths the corners of a box, which tell nothing."""
_NOISE = 3.0
"""Standard deviations of the solvent that a mask has to lie above."""
_GENEROUS = 0.6
"""Of the way from the solvent to the density that parts it best from the particle."""
_ISLANDS = 0.05
"""Largest share of the mask in pieces apart from the largest one."""
_STEP = 1.1


def mask_threshold(volume: Volume, pixel_size: float, lowpass: float) -> float:
    """Return a density that parts the particle, filtered to a resolution in angstrom, from the solvent.

    It lies above the noise of the solvent, and 0.6 of the way to the threshold of Otsu (1979), which runs along the
    surface; where it leaves pieces apart from the particle it rises until they are few.
    """
    filtered = low_passed(volume, pixel_size, lowpass)
    radius = _radius(filtered.shape[0])
    solvent = filtered[(radius > _SHELL[0]) & (radius < _SHELL[1])]
    level = float(np.median(solvent))
    noise = 1.4826 * float(np.median(np.abs(solvent - level)))
    surface = otsu(filtered[radius < _SHELL[1]])
    if surface <= level + _NOISE * noise:
        raise ResultError(
            f"no particle stands out: the density of its surface, {surface:.4g}, is within {_NOISE:g} standard "
            f"deviations ({noise:.4g}) of the solvent ({level:.4g})"
        )
    threshold = max(level + _NOISE * noise, level + _GENEROUS * (surface - level))
    while threshold < surface and _apart(filtered > threshold) > _ISLANDS:
        threshold = level + (threshold - level) * _STEP
    return min(threshold, surface)


def low_passed(volume: Volume, pixel_size: float, resolution: float) -> Volume:
    """Return a volume without what is finer than a resolution in angstrom, with a soft end."""
    size = volume.shape[0]
    along = np.fft.fftfreq(size)
    frequency = np.sqrt(along[:, None, None] ** 2 + along[:, None] ** 2 + np.fft.rfftfreq(size) ** 2) / pixel_size
    weight = 1 / (1 + (frequency * resolution) ** 8)
    return np.asarray(irfft3(rfft3(volume) * weight.astype(np.float32), volume.shape), np.float32)


def _apart(mask: npt.NDArray[np.bool_]) -> float:
    """Return the share of a mask that is not in its largest piece."""
    pieces, count = scipy.ndimage.label(mask)
    if count < 2:
        return 0.0
    sizes = np.bincount(pieces.ravel())[1:]
    return 1 - float(sizes.max() / sizes.sum())


def _radius(size: int) -> Volume:
    """Return the distance of voxels from the centre in half boxes."""
    along = (np.arange(size, dtype=np.float32) - size // 2) / (size / 2)
    return np.asarray(np.sqrt(along[:, None, None] ** 2 + along[:, None] ** 2 + along**2), np.float32)
