"""Fit shifts of the tilts, heights of the patches and the tilt axis to all correlations at once.

No peak is picked: patches whose single correlations drown in noise still add up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.optimize

from tasks.tilt_series_alignment.correlation_maps import CorrelationMaps
from tasks.tilt_series_alignment.geometry import Numbers
from tasks.tilt_series_alignment.patches import PatchPairs

_STEPS = 200
_WEAK = 1e-4
"""Stiffness that holds what the correlations do not determine, relative to that of a shift."""


@dataclass(frozen=True)
class Solution:
    """Unknowns of the fit."""

    shifts: Numbers
    """Shift of each tilt in the plane of the specimen, in pixels (tilts, 2)."""
    heights: Numbers
    """Height of each patch above the plane in pixels."""
    turn: float = 0.0
    """Turn of the tilt axis in radian."""

    def packed(self) -> Numbers:
        """Return all unknowns in one row."""
        return np.concatenate([self.shifts.ravel(), self.heights, [self.turn]])


@dataclass(frozen=True)
class Free:
    """What may change in a fit; the heights always may."""

    shifts: bool = True
    turn: bool = True


class Bundle:
    """The sum of the correlations of all patches and pairs as a function of the unknowns."""

    def __init__(self, patches: PatchPairs) -> None:
        self.patches = patches
        self._maps = CorrelationMaps(patches.maps)
        self._tangents, cosines = patches.geometry.tangents, patches.geometry.cosines
        self._first, self._second = patches.pairs[:, 0], patches.pairs[:, 1]
        x, y = patches.grid.centres[:, :1], patches.grid.centres[:, 1:]
        self._turning = np.stack([y * (1 - 1 / cosines), x * (cosines - 1)], axis=-1)
        self._laplacians = [self._laplacian(axis) for axis in (0, 1)]

    def start(self, heights: Numbers) -> Solution:
        """Return the unknowns before the fit."""
        return Solution(np.zeros((len(self._tangents), 2)), heights)

    def places(self, solution: Solution) -> Numbers:
        """Return where each patch should be in each unfolded image, from where it was cut (patches, tilts, 2)."""
        places = solution.shifts[None] + solution.turn * self._turning
        places[..., 0] += solution.heights[:, None] * self._tangents - self.patches.offsets
        return places

    def agreement(self, solution: Solution) -> tuple[Numbers, Numbers]:
        """Return the correlation of each patch and pair (patches, pairs), and its slopes (patches, pairs, 2)."""
        places = self.places(solution)
        return self._maps.at(places[:, self._first] - places[:, self._second])

    def fit(self, start: Solution, free: Free, chosen: npt.NDArray[np.bool_]) -> Solution:
        """Return the unknowns at which the chosen patches agree best, near a start."""
        origin = start.packed()
        stiffness, hold = self._stiffness(free, chosen)
        upper = scipy.linalg.cholesky(stiffness, lower=False)
        moving = self._moving(free)

        def loss(steps: Numbers) -> tuple[float, Numbers]:
            move = scipy.linalg.solve_triangular(upper, steps, check_finite=False) * moving
            value, slope = self._value(self._unpack(origin + move), chosen)
            held = hold * move
            slope = (held - slope) * moving
            change = scipy.linalg.solve_triangular(upper, slope, trans="T", check_finite=False)
            return float(0.5 * held @ move - value), change

        found = scipy.optimize.minimize(
            loss, np.zeros_like(origin), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "ftol": 1e-8}
        )
        move = scipy.linalg.solve_triangular(upper, found.x, check_finite=False) * moving
        return self._unpack(origin + move)

    def _value(self, solution: Solution, chosen: npt.NDArray[np.bool_]) -> tuple[float, Numbers]:
        """Return the sum of the correlations and its slope over the unknowns."""
        values, slopes = self.agreement(solution)
        slopes *= chosen[:, None, None]
        per_place = np.zeros_like(self._turning)
        pairs = np.zeros((len(self._first), len(self._tangents)))
        pairs[np.arange(len(pairs)), self._first] = 1
        pairs[np.arange(len(pairs)), self._second] = -1
        for axis in (0, 1):
            per_place[..., axis] = slopes[..., axis] @ pairs
        turn = float(np.sum(per_place * self._turning))
        slope = np.concatenate([per_place.sum(axis=0).ravel(), per_place[..., 0] @ self._tangents, [turn]])
        return float(values[chosen].sum()), slope

    def _unpack(self, row: Numbers) -> Solution:
        split = 2 * len(self._tangents)
        return Solution(row[:split].reshape(-1, 2), row[split:-1], float(row[-1]))

    def _moving(self, free: Free) -> Numbers:
        count = len(self.patches.grid.centres)
        return np.concatenate(
            [np.full(2 * len(self._tangents), float(free.shifts)), np.ones(count), [float(free.turn)]]
        )

    def _laplacian(self, axis: int) -> Numbers:
        """Return the expected stiffness between the places of each patch in the tilts (patches, tilts, tilts)."""
        count = len(self._tangents)
        strength = self.patches.valid * self.patches.weights.curvatures()[:, axis]
        matrix = np.zeros((len(strength), count, count))
        matrix[:, self._first, self._second] = -strength
        matrix += matrix.transpose(0, 2, 1)
        diagonal = np.arange(count)
        matrix[:, diagonal, diagonal] = -matrix.sum(axis=2)
        return matrix

    def _stiffness(self, free: Free, chosen: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        """Return the expected second derivatives over the unknowns, and how each is held where it is."""
        tilts, count = len(self._tangents), len(self.patches.grid.centres)
        matrix = np.zeros((2 * tilts + count + 1,) * 2)
        heights = slice(2 * tilts, -1)
        for axis, laplacians in enumerate(self._laplacians):
            used = laplacians * chosen[:, None, None]
            turned = np.einsum("pij,pj->pi", used, self._turning[..., axis])
            shifts = slice(axis, 2 * tilts, 2)
            matrix[shifts, shifts] = used.sum(axis=0)
            matrix[shifts, -1] = turned.sum(axis=0)
            matrix[-1, -1] += np.sum(turned * self._turning[..., axis])
            if axis == 0:
                lifted = used @ self._tangents
                matrix[shifts, heights] = lifted.T
                matrix[heights, heights] = np.diag(lifted @ self._tangents)
                matrix[heights, -1] = turned @ self._tangents
        matrix = np.triu(matrix) + np.triu(matrix, 1).T
        moving = self._moving(free)
        matrix *= moving[:, None] * moving
        hold = self._hold(np.diag(matrix), tilts)
        return matrix + np.diag(hold), hold

    def _hold(self, stiffness: Numbers, tilts: int) -> Numbers:
        """Return a weak stiffness for each unknown, which decides where nothing else does."""
        hold = np.zeros_like(stiffness)
        for part, share in ((slice(0, 2 * tilts), _WEAK), (slice(2 * tilts, -1), 10 * _WEAK)):
            known = stiffness[part][stiffness[part] > 0]
            hold[part] = share * float(np.median(known)) if known.size else 1.0
        hold[-1] = 1e-6 * stiffness[-1] or 1.0
        return np.asarray(np.maximum(hold, 1e-12))
