"""Pixels that cannot be trusted: hot and dead ones are found in the sum of a movie; all are replaced."""

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError

Mask = npt.NDArray[np.bool_]

_DEVIATIONS = 6.0
_NEIGHBOURHOOD = 3
_REACH = 4


def hot_pixels(total: npt.NDArray[np.float32], known: Mask) -> Mask:
    """Find pixels that stand out of the sum of all frames, and out of their neighbours in it.

    The second condition spares what is bright and larger than a pixel: a hole in the ice.
    """
    good = total[~known]
    mean, deviation = float(good.mean(dtype=np.float64)), float(good.std(dtype=np.float64))
    trimmed = good[np.abs(good - mean) <= _DEVIATIONS * deviation]
    mean, deviation = float(trimmed.mean(dtype=np.float64)), float(trimmed.std(dtype=np.float64))
    rows, columns = np.nonzero((total > mean + _DEVIATIONS * deviation) & ~known)
    usual = _upper_values_around(total, rows, columns)
    hot = total[rows, columns] - usual > _DEVIATIONS * deviation
    found = np.zeros(total.shape, bool)
    found[rows[hot], columns[hot]] = True
    return found


def _upper_values_around(
    image: npt.NDArray[np.float32], rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """Return what a fifth of the pixels around each pixel exceeds, which is high in the corner of a bright area too."""
    steps = np.arange(-_NEIGHBOURHOOD, _NEIGHBOURHOOD + 1)
    near_rows = _mirrored(rows[:, None, None] + steps[:, None], image.shape[0])
    near_columns = _mirrored(columns[:, None, None] + steps, image.shape[1])
    around = image[near_rows, near_columns].reshape(len(rows), len(steps) ** 2)
    rank = around.shape[1] * 4 // 5
    return np.asarray(np.partition(around, rank, axis=1)[:, rank])


def _mirrored(places: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Turn places outside of a line back inside at its ends, which are not repeated."""
    return np.asarray(length - 1 - np.abs(length - 1 - np.abs(places)))


def dead_pixels(total: npt.NDArray[np.float32]) -> Mask:
    """Find pixels that never counted although the others did, 20 times on average: chance leaves 1 in 10^9 empty."""
    return np.asarray((total == 0) & bool(total.mean() > 20 and total.min() >= 0))


class Repair:
    """Replace bad pixels by good ones near them, another one in every frame, so that the noise stays as it is."""

    def __init__(self, bad: Mask) -> None:
        self._rows, self._columns = np.nonzero(bad)
        self._bad = bad
        if bad.all():
            message = "every pixel of the camera is bad"
            raise InputError("gain reference and defects", message, "good pixels")

    def __len__(self) -> int:
        return len(self._rows)

    def apply(self, frame: npt.NDArray[np.generic], number: int) -> None:
        """Replace the bad pixels of a frame; ``number`` makes its choice of neighbours reproducible."""
        rows, columns = self._sources(number)
        frame[self._rows, self._columns] = frame[rows, columns]

    def coordinates(self) -> npt.NDArray[np.intp]:
        """Return x and y of the bad pixels, shape (n, 2)."""
        return np.stack([self._columns, self._rows], axis=-1)

    def _sources(self, number: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Draw a good pixel near each bad one, looking further away as long as there is none."""
        random = np.random.default_rng(number)
        rows, columns = self._rows.copy(), self._columns.copy()
        reach = float(_REACH)
        missing = np.arange(len(rows))
        while missing.size:
            steps = random.integers(-int(reach), int(reach) + 1, (2, missing.size))
            rows[missing] = np.clip(self._rows[missing] + steps[0], 0, self._bad.shape[0] - 1)
            columns[missing] = np.clip(self._columns[missing] + steps[1], 0, self._bad.shape[1] - 1)
            missing = missing[self._bad[rows[missing], columns[missing]]]
            reach = min(reach * 1.2, max(self._bad.shape))
        return rows, columns
