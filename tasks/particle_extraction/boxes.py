"""Cut square boxes out of an image."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, namespace

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Boxes:
    """Boxes of one size that lie within an image."""

    centres: npt.NDArray[np.int64]
    """(count, 2) x and y of the pixel that becomes pixel ``size // 2`` of a box."""
    merits: Numbers
    """Figure of merit of each."""
    size: int
    """Side in pixels."""
    left_out: int
    """Boxes that would reach beyond the image."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.centres)


def boxes_within(places: Numbers, merits: Numbers, size: int, shape: tuple[int, ...]) -> Boxes:
    """Return the boxes about places, (count, 2) x and y, that lie within an image of (rows, columns)."""
    centres = np.rint(places).astype(np.int64).reshape(-1, 2)
    first = centres - size // 2
    inside = (first >= 0).all(axis=1) & (first + size <= np.array(shape[::-1])).all(axis=1)
    return Boxes(centres[inside], merits[inside], size, int(np.count_nonzero(~inside)))


def cut(image: Array, centres: npt.NDArray[np.int64], size: int) -> Array:
    """Return (count, size, size) boxes about centres."""
    xp = namespace(image)
    first = centres - size // 2
    return xp.stack([image[y : y + size, x : x + size] for x, y in first.tolist()])
