"""Correlations of many pairs of patches as smooth functions of their shift."""

import numpy as np
import numpy.typing as npt
import scipy.ndimage

Numbers = npt.NDArray[np.float64]
Weights = tuple[npt.NDArray[np.floating], ...]


class CorrelationMaps:
    """Correlations around no shift, continued between the pixels by cubic splines."""

    def __init__(self, maps: npt.NDArray[np.float32]) -> None:
        """Take maps (..., side, side) whose middle is no shift."""
        self.shape, side = maps.shape[:-2], maps.shape[-1]
        coefficients = maps.reshape(-1, side, side)
        for axis in (-1, -2):
            coefficients = scipy.ndimage.spline_filter1d(coefficients, 3, axis, np.float32, "mirror")
        self._coefficients, self._side = coefficients.reshape(-1), side
        self._starts = np.arange(len(coefficients)) * side * side

    def at(self, shifts: Numbers) -> tuple[Numbers, Numbers]:
        """Return the correlation at shifts (..., 2) in pixels, and its slope (..., 2).

        Beyond the border of a map the correlation stays as it is at the border.
        """
        wanted = shifts.reshape(-1, 2) + self._side // 2
        place = np.clip(wanted, 1.0, self._side - 2.001)
        corner = np.floor(place).astype(np.intp)
        (wx, sx), (wy, sy) = (_spline(place[:, axis] - corner[:, axis]) for axis in (0, 1))
        first = self._starts + (corner[:, 1] - 1) * self._side + corner[:, 0] - 1
        value, slope_x, slope_y = (np.zeros(len(wanted), np.float32) for _ in range(3))
        for row in range(4):
            samples = [self._coefficients[first + row * self._side + column] for column in range(4)]
            line = sum(weight * sample for weight, sample in zip(wx, samples, strict=True))
            value += wy[row] * line
            slope_y += sy[row] * line
            slope_x += wy[row] * sum(weight * sample for weight, sample in zip(sx, samples, strict=True))
        slopes = np.stack([slope_x, slope_y], axis=-1) * (place == wanted)
        return value.reshape(self.shape).astype(float), slopes.reshape(*self.shape, 2).astype(float)


def _spline(fraction: Numbers) -> tuple[Weights, Weights]:
    """Return the weights of the coefficients at -1, 0, 1 and 2 for a fraction t, and their slopes."""
    t = fraction.astype(np.float32)
    weights = ((1 - t) ** 3 / 6, (3 * t - 6) * t * t / 6 + 2 / 3, ((3 - 3 * t) * t + 3) * t / 6 + 1 / 6, t**3 / 6)
    slopes = (-((1 - t) ** 2) / 2, (1.5 * t - 2) * t, (1 - 1.5 * t) * t + 0.5, t * t / 2)
    return weights, slopes
