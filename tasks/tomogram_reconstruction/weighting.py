"""How much each frequency of each tilt counts, so that densely and sparsely sampled frequencies come out alike.

In Fourier space a tilt image is a slab through the origin, as thick as the inverse of the specimen's thickness. Where
slabs of several tilts overlap, each must count less.
"""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]
Weighting = Literal["exact", "ramp"]

_PASSED = 0.45


def weights(
    angles: npt.NDArray[np.float64],
    frequencies: npt.NDArray[np.float64],
    thickness: float,
    weighting: Weighting,
    iterations: int | None = None,
) -> Weights:
    """Return the (tilts, frequencies) weights of tilts at angles in degree.

    ``frequencies`` are those across the tilt axis in cycles per voxel, ``thickness`` is in voxels. ``iterations``
    gives the weights to which so many iterations of SIRT come.
    """
    found = _ramp(angles, frequencies) if weighting == "ramp" else _exact(angles, frequencies, thickness, iterations)
    return (found * _soft_edge(frequencies)).astype(np.float32)


def _exact(
    angles: npt.NDArray[np.float64], frequencies: npt.NDArray[np.float64], thickness: float, iterations: int | None
) -> npt.NDArray[np.float64]:
    """Divide by the number of slabs that overlap (Harauz and van Heel 1986, Optik 73, 146).

    Back-projection after projection multiplies a frequency by this number; SIRT inverts that by a geometric series, of
    which ``iterations`` terms are summed.
    """
    separations = np.abs(np.sin(np.radians(angles[:, None] - angles[None, :])))
    overlaps = np.stack(
        [np.clip(1 - thickness * np.abs(frequencies)[:, None] * row, 0, None).sum(axis=1) for row in separations]
    )
    whole = 1 / (overlaps * thickness)
    if iterations is None:
        return whole
    return whole * (1 - (1 - overlaps / len(angles)) ** iterations)


def _ramp(angles: npt.NDArray[np.float64], frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weight by the frequency and by half the angle between the two neighbours of a tilt."""
    order = np.argsort(angles)
    increments = np.empty(len(angles))
    increments[order] = np.gradient(np.radians(angles[order]))
    return increments[:, None] * np.abs(frequencies)[None, :]


def _soft_edge(frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Fall to nothing at half a cycle per voxel: a sharp edge would ring."""
    beyond = np.clip((np.abs(frequencies) - _PASSED) / (0.5 - _PASSED), 0, 1)
    return (1 + np.cos(math.pi * beyond)) / 2
