"""Fit shifts of the tilts, heights of the patches and the tilt axis to all correlations at once.

No peak is picked: patches whose single correlations drown in noise still add up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

from tasks.tilt_series_alignment.correlation_maps import CorrelationMaps
from tasks.tilt_series_alignment.geometry import Numbers
from tasks.tilt_series_alignment.patches import PatchPairs

_STEPS = 120
_WEAK = 1e-4
"""Stiffness that holds what the correlations do not determine, relative to that of a shift."""


_SPREAD, _COST = 2.0, 0.05
"""Pixels beyond which a radius is unusual, and how much that costs: little beside what most patches tell."""


@dataclass(frozen=True)
class Solution:
    """Unknowns of the fit."""

    shifts: Numbers
    """Shift of each tilt in the plane of the specimen, in pixels (tilts, 2)."""
    heights: Numbers
    """Height of each patch above the plane in pixels."""
    radii: Numbers
    """How far the outline of a round body in each patch is from its axis, in pixels.

    What is seen at the edge of a vesicle is another part of it in each tilt: it keeps its distance in the image, and
    thus does not move as a point of the specimen does.
    """
    turn: float = 0.0
    """Turn of the tilt axis in radian."""

    def packed(self) -> Numbers:
        """Return all unknowns in one row."""
        return np.concatenate([self.shifts.ravel(), self.heights, self.radii, [self.turn]])


@dataclass(frozen=True)
class Free:
    """What may change in a fit; the heights always may."""

    shifts: bool = True
    turn: bool = True
    radii: bool = True


class Bundle:
    """The sum of the correlations of all patches and pairs as a function of the unknowns."""

    def __init__(self, patches: PatchPairs) -> None:
        self.patches = patches
        self._maps = CorrelationMaps(patches.maps)
        self._tangents, cosines = patches.geometry.tangents, patches.geometry.cosines
        self._first, self._second = patches.pairs[:, 0], patches.pairs[:, 1]
        x, y = patches.grid.centres[:, :1], patches.grid.centres[:, 1:]
        pairs = np.arange(len(self._first))
        self._incidence = np.zeros((len(pairs), len(cosines)))
        self._incidence[pairs, self._first], self._incidence[pairs, self._second] = 1, -1
        self._widening = 1 / cosines - 1
        self._turning = np.stack([y * (1 - 1 / cosines), x * (cosines - 1)], axis=-1)
        self._laplacians = [self._laplacian(axis) for axis in (0, 1)]

    def start(self, heights: Numbers) -> Solution:
        """Return the unknowns before the fit."""
        return Solution(np.zeros((len(self._tangents), 2)), heights, np.zeros_like(heights))

    def places(self, solution: Solution) -> Numbers:
        """Return where each patch should be in each unfolded image, from where it was cut (patches, tilts, 2)."""
        places = solution.shifts[None] + solution.turn * self._turning
        places[..., 0] += solution.heights[:, None] * self._tangents - self.patches.offsets
        places[..., 0] += solution.radii[:, None] * self._widening
        return places

    def agreement(self, solution: Solution) -> tuple[Numbers, Numbers]:
        """Return the correlation of each patch and pair (patches, pairs), and its slopes (patches, pairs, 2)."""
        places = self.places(solution)
        return self._maps.at(places[:, self._first] - places[:, self._second])

    def per_tilt(self, places: Numbers, aside: Numbers) -> Numbers:
        """Return how each patch agrees in each tilt with all others, if it were aside in it (patches, tilts)."""
        apart = places[:, self._first] - places[:, self._second]
        return np.asarray(
            self._maps.at(apart + aside)[0] @ np.maximum(self._incidence, 0)
            + self._maps.at(apart - aside)[0] @ np.maximum(-self._incidence, 0)
        )

    def expected(self) -> Numbers:
        """Return how all patches of each tilt would agree if all of its signal were shared."""
        counts = self.patches.valid.sum(axis=0)[:, None] * np.abs(self._incidence)
        return np.asarray(self.patches.weights.strengths() @ counts)

    def fit(self, start: Solution, free: Free, chosen: npt.NDArray[np.bool_]) -> Solution:
        """Return the unknowns at which the chosen patches agree best, near a start."""
        origin = start.packed()
        stiffness, hold = self._stiffness(free, chosen)
        upper = scipy.linalg.cholesky(stiffness, lower=False)
        moving = self._moving(free)

        def loss(steps: Numbers) -> tuple[float, Numbers]:
            move = scipy.linalg.solve_triangular(upper, steps, check_finite=False) * moving
            value, slope = self._value(self._unpack(origin + move), chosen)
            penalty, held = self._penalty(origin + move)
            slope = (hold * move + held - slope) * moving
            change = scipy.linalg.solve_triangular(upper, slope, trans="T", check_finite=False)
            return float(0.5 * (hold * move) @ move + penalty - value), change

        # Importing it takes half a second, which runs that align nothing need not wait for.
        from scipy.optimize import minimize  # noqa: PLC0415

        found = minimize(
            loss, np.zeros_like(origin), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "ftol": 1e-7}
        )
        move = scipy.linalg.solve_triangular(upper, found.x, check_finite=False) * moving
        return self._unpack(origin + move)

    def _value(self, solution: Solution, chosen: npt.NDArray[np.bool_]) -> tuple[float, Numbers]:
        """Return the sum of the correlations and its slope over the unknowns."""
        values, slopes = self.agreement(solution)
        slopes *= chosen[:, None, None]
        per_place = np.zeros_like(self._turning)
        for axis in (0, 1):
            per_place[..., axis] = slopes[..., axis] @ self._incidence
        turn = float(np.sum(per_place * self._turning))
        across = per_place[..., 0]
        slope = np.concatenate(
            [per_place.sum(axis=0).ravel(), across @ self._tangents, across @ self._widening, [turn]]
        )
        return float(values[chosen].sum()), slope

    def _unpack(self, row: Numbers) -> Solution:
        shifts, heights, radii = (row[part] for part in self._parts())
        return Solution(shifts.reshape(-1, 2), heights, radii, float(row[-1]))

    def _parts(self) -> tuple[slice, slice, slice]:
        """Return where the shifts, heights and radii are in the row of all unknowns."""
        tilts, count = 2 * len(self._tangents), len(self.patches.grid.centres)
        return slice(0, tilts), slice(tilts, tilts + count), slice(tilts + count, tilts + 2 * count)

    def _penalty(self, row: Numbers) -> tuple[float, Numbers]:
        """Return what radii cost, and its slope: most patches show points, some a large radius."""
        part = self._parts()[2]
        ratio = row[part] / _SPREAD
        slope = np.zeros_like(row)
        slope[part] = _COST * ratio / (1 + ratio**2 / 2) / _SPREAD
        return float(_COST * np.sum(np.log1p(ratio**2 / 2))), slope

    def _moving(self, free: Free) -> Numbers:
        count = len(self.patches.grid.centres)
        return np.concatenate(
            [
                np.full(2 * len(self._tangents), float(free.shifts)),
                np.ones(count),
                np.full(count, float(free.radii)),
                [float(free.turn)],
            ]
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
        parts, last = self._parts(), -1
        matrix = np.zeros((parts[2].stop + 1,) * 2)
        for axis, laplacians in enumerate(self._laplacians):
            used = laplacians * chosen[:, None, None]
            turned = np.einsum("pij,pj->pi", used, self._turning[..., axis])
            shifts = slice(axis, parts[0].stop, 2)
            matrix[shifts, shifts] = used.sum(axis=0)
            matrix[shifts, last] = turned.sum(axis=0)
            matrix[last, last] += np.sum(turned * self._turning[..., axis])
            if axis == 0:
                for part, mode in zip(parts[1:], (self._tangents, self._widening), strict=True):
                    moved = used @ mode
                    matrix[shifts, part] = moved.T
                    matrix[part, part] = np.diag(moved @ mode)
                    matrix[part, last] = turned @ mode
                matrix[parts[1], parts[2]] = np.diag(used @ self._widening @ self._tangents)
        matrix = np.triu(matrix) + np.triu(matrix, 1).T
        matrix[parts[2], parts[2]] += np.diag(np.full(len(chosen), _COST / _SPREAD**2))
        moving = self._moving(free)
        matrix *= moving[:, None] * moving
        hold = self._hold(np.diag(matrix))
        return matrix + np.diag(hold), hold

    def _hold(self, stiffness: Numbers) -> Numbers:
        """Return a weak stiffness for each unknown, which decides where nothing else does."""
        hold = np.zeros_like(stiffness)
        for part, share in zip(self._parts(), (_WEAK, 10 * _WEAK, _WEAK), strict=True):
            known = stiffness[part][stiffness[part] > 0]
            hold[part] = share * float(np.median(known)) if known.size else 1.0
        hold[-1] = 1e-6 * stiffness[-1] or 1.0
        return np.asarray(np.maximum(hold, 1e-12))
