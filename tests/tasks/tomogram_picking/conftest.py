from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter

from tasks.formats.coordinates import read_tomogram_coordinates
from tasks.formats.mrc import write_mrc
from tasks.models import Tomogram, TomogramPicks

VOXEL = 20.0
DIAMETER = 240.0


@dataclass(frozen=True)
class Filled:
    """A tomogram of balls of known places."""

    tomogram: Tomogram
    places: npt.NDArray[np.float64]
    """x, y and z in angstrom from the centre."""

    def judged(self, picks: TomogramPicks) -> tuple[float, float]:
        """Return recall and precision: a pick is right within a quarter of the diameter of a ball."""
        found, _ = read_tomogram_coordinates(picks.coordinates)
        near = np.linalg.norm(found[:, None] - self.places, axis=2) < DIAMETER / 4
        return float(near.any(axis=0).mean()), float(near.any(axis=1).mean()) if len(found) else 1.0


@pytest.fixture
def filled(tmp_path: Path) -> Callable[..., Filled]:
    """Return a function that makes a tomogram of balls in coloured noise, with gold beads, of any seed."""

    def made(
        seed: int, count: int = 40, gold: int = 0, shape: tuple[int, int, int] = (60, 121, 112), scale: float = 1.0
    ) -> Filled:
        random = np.random.default_rng(seed)
        corner = np.array(shape[::-1])
        centres = _apart(random.uniform(8, corner - 9, (50 * count + 1, 3)), 1.1 * DIAMETER / VOXEL)[:count]
        volume = gaussian_filter(random.normal(scale=3, size=shape), 0.8)
        for centre in centres:
            _subtract(volume, centre, DIAMETER / VOXEL / 2, 1.2)
        for bead in random.uniform(8, corner - 9, (gold, 3)):
            _subtract(volume, bead, 2.5, 40)
        path = tmp_path / f"tomogram_{seed}.mrc"
        write_mrc(path, (scale * volume).astype(np.float32), VOXEL)
        tomogram = Tomogram(path=path, voxel_size=VOXEL, shape=shape, program="made")
        return Filled(tomogram, (centres - corner // 2) * VOXEL)

    return made


def _apart(places: npt.NDArray[np.float64], distance: float) -> npt.NDArray[np.float64]:
    kept: list[npt.NDArray[np.float64]] = []
    for place in places:
        if all(np.linalg.norm(place - other) > distance for other in kept):
            kept.append(place)
    return np.array(kept).reshape(-1, 3)


def _subtract(volume: npt.NDArray[np.float64], centre: npt.NDArray[np.float64], radius: float, density: float) -> None:
    """Subtract a ball; x, y and z in voxels."""
    low = np.rint(centre[::-1] - radius - 1).astype(int)
    high = np.rint(centre[::-1] + radius + 2).astype(int)
    z, y, x = np.ogrid[tuple(slice(start, stop) for start, stop in zip(low, high, strict=True))]
    distance = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2)
    part = tuple(slice(start, stop) for start, stop in zip(low, high, strict=True))
    volume[part] -= density * np.clip(radius - distance + 0.5, 0, 1)
