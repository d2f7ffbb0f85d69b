"""The frequencies that motion is measured with: coefficients of a patch's transform in order of their rings."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_FEWEST_PERIODS = 3.0


@dataclass(frozen=True)
class Band:
    """Frequencies of a patch: each is a row and a column of a grid, and all are in order of their rings."""

    ky: npt.NDArray[np.float32]
    """Of the rows of the grid, in radian per pixel."""
    kx: npt.NDArray[np.float32]
    """Of the columns of the grid."""
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    """Of the rows of the grid in the transform of a patch."""
    edges: npt.NDArray[np.intp]
    """Where each ring begins, and where the last one ends."""
    multiplicity: npt.NDArray[np.float32]
    """Independent coefficients that each one stands for."""

    @property
    def ring_count(self) -> int:
        """Number of rings."""
        return len(self.edges) - 1

    @property
    def vectors(self) -> npt.NDArray[np.float32]:
        """Components of each frequency along x and y."""
        return np.stack([self.kx[self.columns], self.ky[self.rows]], axis=-1)

    def ring_sums(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return the sum over the independent coefficients of each ring; ``values`` has them along its last axis."""
        before = np.zeros((*values.shape[:-1], 1))
        running = np.concatenate([before, np.cumsum(values * self.multiplicity, axis=-1, dtype=float)], axis=-1)
        return np.asarray(np.diff(running[..., self.edges], axis=-1))

    def sizes(self) -> npt.NDArray[np.float64]:
        """Return the number of independent coefficients in each ring."""
        return self.ring_sums(np.ones(len(self.rows)))

    def rings(self) -> npt.NDArray[np.intp]:
        """Return the number of the ring of each frequency."""
        return np.repeat(np.arange(self.ring_count), np.diff(self.edges))

    def first(self, rings: int) -> "Band":
        """Return the band of the lowest rings."""
        end = int(self.edges[rings])
        return Band(
            self.ky,
            self.kx,
            self.rows[:end],
            self.columns[:end],
            self.places,
            self.edges[: rings + 1],
            self.multiplicity[:end],
        )


def make_band(size: tuple[int, int], highest: float) -> Band:
    """Return the band of patches of (ny, nx) pixels up to a frequency in cycles per pixel."""
    fy, fx = np.fft.fftfreq(size[0]), np.fft.rfftfreq(size[1])
    highest = min(highest, 0.49)
    places, width = np.nonzero(np.abs(fy) <= highest)[0], int((fx <= highest).sum())
    fy, fx = fy[places], fx[:width]
    frequency = np.hypot(fy[:, None], fx)
    step = 1 / min(size)
    # The lowest frequencies are gradients of illumination, which stay where they are.
    rows, columns = np.nonzero((frequency <= highest) & (frequency >= _FEWEST_PERIODS * step))
    rings = (frequency[rows, columns] / step).astype(np.intp)
    order = np.argsort(rings, kind="stable")
    rows, columns, rings = rows[order], columns[order], rings[order]
    edges = np.searchsorted(rings, np.arange(rings.max(initial=0) + 2)).astype(np.intp)
    radians = 2 * np.pi
    multiplicity = np.where(fx[columns] == 0, 0.5, 1.0).astype(np.float32)
    ky, kx = np.asarray(fy * radians, np.float32), np.asarray(fx * radians, np.float32)
    return Band(ky, kx, rows, columns, places, edges, multiplicity)
