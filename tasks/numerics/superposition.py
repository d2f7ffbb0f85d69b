"""Lay one density over another: the turn and the shift that make them most alike."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

Volume = npt.NDArray[np.float32]
Shift = tuple[float, float, float]
Numbers = npt.NDArray[np.float64]

_COARSE = 24
"""Side in voxels of the volumes that all turns are tried with."""
_STEP = 24.0
"""Degree between these turns."""
_CANDIDATES = 3
_TRIALS = 200
"""Of turns and shifts near a candidate."""


@dataclass(frozen=True)
class Superposition:
    """How a volume is moved: turned about its centre, the voxel at half of the side, then shifted."""

    turn: Rotation
    """Of points (x, y, z)."""
    shift: Shift
    """Along x, y and z, as a share of the side."""
    correlation: float
    """Of the moved volume with the other one, within the ball that fits the box."""

    def moved(self, volume: Volume) -> Volume:
        """Return a cube moved."""
        return _moved(_spline(volume), self.turn, self.shift, 3)


def superpose(moving: Volume, fixed: Volume) -> Superposition:
    """Return how to move one cube so that it is most like another one of the same shape."""
    small, target = (_coarse(volume) for volume in (moving, fixed))
    transform = scipy.fft.rfftn(target)
    tried = [(*_shifted(small, transform, turn), turn) for turn in _turns(_STEP)]
    best = sorted(tried, key=lambda found: -found[0])[:_CANDIDATES]
    finer = [_refined(small, target, turn, shift) for _, shift, turn in best]
    start = max(finer, key=lambda found: found.correlation)
    return _refined(moving, fixed, start.turn, start.shift)


def _turns(step: float) -> list[Rotation]:
    """Return turns that lie no farther apart than a step in degree."""
    found = []
    for tilt in np.linspace(0, 180, round(180 / step) + 1):
        around = max(1, round(360 / step * np.sin(np.radians(tilt))))
        for first in np.arange(around) * 360 / around:
            found += [(first, tilt, last) for last in np.arange(0, 360, step)]
    return list(Rotation.from_euler("ZYZ", found, degrees=True))


def _shifted(moving: Volume, fixed: npt.NDArray[np.complex64], turn: Rotation) -> tuple[float, Shift]:
    """Return the largest correlation with a transform at any shift of whole voxels, and that shift."""
    size = len(moving)
    turned = _moved(moving, turn, (0, 0, 0), 1)
    correlations = scipy.fft.irfftn(fixed * scipy.fft.rfftn(turned).conj(), moving.shape)
    place = np.unravel_index(int(np.argmax(correlations)), moving.shape)
    z, y, x = ((float(index) + size / 2) % size - size / 2 for index in place)
    norm = max(float(np.linalg.norm(turned)), 1e-12)
    return float(correlations[place]) / norm, (x / size, y / size, z / size)


def _refined(moving: Volume, fixed: Volume, turn: Rotation, shift: Shift) -> Superposition:
    """Return the best superposition near one."""
    spline, ball = _spline(moving), _ball(len(fixed))
    target = fixed[ball].astype(np.float64)

    def placed(change: Numbers) -> tuple[Rotation, Shift]:
        x, y, z = (float(value) for value in np.array(shift) + change[3:])
        return Rotation.from_rotvec(change[:3]) * turn, (x, y, z)

    def unlike(change: Numbers) -> float:
        turned, shifted = placed(change)
        there = _moved(spline, turned, shifted, 3)[ball].astype(np.float64)
        return -float(np.corrcoef(there, target)[0, 1])

    steps = np.vstack([np.zeros(6), np.diag([0.1, 0.1, 0.1, 0.02, 0.02, 0.02])])
    found = minimize(
        unlike,
        np.zeros(6),
        method="Nelder-Mead",
        options={"initial_simplex": steps, "xatol": 1e-3, "fatol": 1e-5, "maxfev": _TRIALS},
    )
    return Superposition(*placed(found.x), correlation=-float(found.fun))


def _moved(spline: Volume, turn: Rotation, shift: Shift, order: Literal[1, 3]) -> Volume:
    """Return a cube moved, given its spline, or itself for order 1."""
    size = len(spline)
    # Volumes are indexed z, y, x.
    back = turn.inv().as_matrix()[::-1, ::-1]
    centre = np.full(3, size // 2)
    offset = centre - back @ (centre + np.array(shift[::-1]) * size)
    moved: Volume = np.empty_like(spline, np.float32)
    scipy.ndimage.affine_transform(spline, back, offset, output=moved, order=order, prefilter=False)
    return moved


def _spline(volume: Volume) -> Volume:
    """Return what cubic interpolation needs of a volume."""
    return np.asarray(scipy.ndimage.spline_filter(volume, 3), np.float32)


def _coarse(volume: Volume) -> Volume:
    """Return a volume without fine detail, in few voxels, its mean taken away."""
    size = len(volume)
    if size <= _COARSE:
        return np.asarray(volume - volume.mean(), np.float32)
    # Even sides keep the centre at half of the side.
    kept = _COARSE
    transform = scipy.fft.fftshift(scipy.fft.fftn(volume))
    first = size // 2 - kept // 2
    part = slice(first, first + kept)
    small: Volume = scipy.fft.ifftn(scipy.fft.ifftshift(transform[part, part, part])).real.astype(np.float32)
    return np.asarray(small - small.mean(), np.float32)


def _ball(size: int) -> npt.NDArray[np.bool_]:
    along = np.arange(size) - size // 2
    distance = np.sqrt(along[:, None, None] ** 2 + along[:, None] ** 2 + along**2)
    return np.asarray(distance < size // 2)
