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
class Noisy:
    """A tomogram of known truth."""

    truth: Volume
    tomogram: Tomogram


@pytest.fixture
def noisy(tmp_path: Path) -> Callable[..., Noisy]:
    """Return a function that makes a tomogram of blobs in coloured noise, with halves, of any seed."""

    def made(seed: int, shape: tuple[int, int, int] = (40, 48, 44), level: float = 0.25) -> Noisy:
        random = np.random.default_rng(seed)
        grains = np.zeros(shape, np.float32)
        for place in random.uniform(0.1, 0.9, (14, 3)):
            grains[tuple((place * shape).astype(int))] = -400
        truth = gaussian_filter(grains, 2.5)
        halves = [
            (truth + gaussian_filter(random.normal(scale=level * 6, size=shape), 0.7)).astype(np.float32)
            for _ in range(2)
        ]
        paths = [tmp_path / f"{name}_{seed}.mrc" for name in ("whole", "even", "odd")]
        for path, volume in zip(paths, ((halves[0] + halves[1]) / 2, *halves), strict=True):
            write_mrc(path, volume, 10.0)
        tomogram = Tomogram(path=paths[0], voxel_size=10, shape=shape, even=paths[1], odd=paths[2], program="made")
        return Noisy(truth, tomogram)

    return made
