from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter

from tasks.formats.mrc import write_mrc
from tasks.models import Tomogram

Volume = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Vesicle:
    """A tomogram of one vesicle among compact particles."""

    tomogram: Tomogram
    distance: Volume
    """Of each voxel from the middle of the membrane, in angstrom."""
    steepness: Volume
    """How far the membrane is from vertical: 0 where it stands upright, 1 where it lies flat."""


def volume_of(path: Path, volume: Volume, voxel_size: float) -> Tomogram:
    write_mrc(path, volume.astype(np.float32), voxel_size)
    return Tomogram(path=path, voxel_size=voxel_size, shape=volume.shape, program="made")


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Vesicle]:
    """Return a function that draws two leaflets 38 angstrom apart, balls of 200 angstrom, and noise, of any seed."""

    def draw(seed: int, voxel_size: float = 10.0, noise: float = 1.0, radius: float = 220.0) -> Vesicle:
        random = np.random.default_rng(seed)
        shape = tuple(round(length / voxel_size) for length in (560, 640, 620))
        places = np.meshgrid(*[(np.arange(n) - n // 2) * voxel_size for n in shape], indexing="ij")
        middle = random.uniform(-20, 20, 3)
        z, y, x = (place - shift for place, shift in zip(places, middle, strict=True))
        away = np.sqrt(z * z + y * y + x * x)
        leaflets = sum(np.exp(-((away - radius - side) ** 2) / (2 * 8**2)) for side in (-19, 19))
        balls = np.zeros(shape)
        for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            ball = np.sqrt((y - corner[0] * 270) ** 2 + (x - corner[1] * 260) ** 2 + z * z)
            balls += ball < 80
        grains = gaussian_filter(random.normal(size=shape), 8 / voxel_size)
        volume = -leaflets - 1.5 * balls + noise * 0.5 * grains / grains.std()
        tomogram = volume_of(tmp_path / f"ts_{seed}.mrc", volume, voxel_size)
        return Vesicle(tomogram, np.abs(away - radius), np.abs(z) / np.maximum(away, 1))

    return draw
