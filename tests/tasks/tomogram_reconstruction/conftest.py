import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tasks.formats.mrc import write_mrc
from tasks.models import Alignment, ImagedTiltSeries, Micrograph, Tilt, TiltAlignment, TiltImage

PIXEL_SIZE = 5.0
ANGLES = range(-60, 61, 5)


@dataclass(frozen=True)
class Beads:
    """Dark Gaussian beads, whose projections are known exactly."""

    places: npt.NDArray[np.float64]
    """x, y and z in angstrom."""
    weights: npt.NDArray[np.float64]
    sigma: float = 12.0

    def image(self, tilt: TiltAlignment, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
        angle, axis = math.radians(tilt.angle), math.radians(tilt.axis_angle)
        image = np.zeros(shape)
        for (x, y, z), weight in zip(self.places, self.weights, strict=True):
            across = x * math.cos(angle) + z * math.sin(angle)
            seen_x = across * math.cos(axis) - y * math.sin(axis) + tilt.displacement[0]
            seen_y = across * math.sin(axis) + y * math.cos(axis) + tilt.displacement[1]
            profile_x = self._profile(seen_x, shape[1], PIXEL_SIZE)
            image -= weight * self._profile(seen_y, shape[0], PIXEL_SIZE)[:, None] * profile_x
        return image.astype(np.float32)

    def volume(self, shape: tuple[int, int, int], voxel_size: float) -> npt.NDArray[np.float32]:
        volume = np.zeros(shape)
        for place, weight in zip(self.places, self.weights, strict=True):
            z, y, x = (
                self._profile(value, length, voxel_size) for value, length in zip(place[::-1], shape, strict=True)
            )
            volume -= weight * z[:, None, None] * y[:, None] * x
        return volume.astype(np.float32)

    def _profile(self, place: float, length: int, step: float) -> npt.NDArray[np.float64]:
        return np.exp(-np.square((np.arange(length) - length // 2) * step - place) / (2 * self.sigma**2))


@dataclass(frozen=True)
class Recorded:
    """A simulated series with its true alignment."""

    beads: Beads
    series: ImagedTiltSeries
    alignment: Alignment


@pytest.fixture
def beads() -> Beads:
    """Return 5 beads that are nowhere near each other, the heaviest away from all planes of symmetry."""
    places = np.array([(110, 60, 70), (-130, 90, -60), (40, -150, -85), (-60, -40, 40), (140, -90, 20)], float)
    return Beads(places, np.array([3.0, 1.0, 1.5, 1.0, 2.0]))


@pytest.fixture
def record(tmp_path: Path, beads: Beads) -> Callable[..., Recorded]:
    """Return a function that images the beads."""

    def recorded(
        shape: tuple[int, int] = (96, 112),
        axis: float = 85.0,
        angles: Sequence[float] = ANGLES,
        noise: float = 0.0,
        *,
        halves: bool = False,
    ) -> Recorded:
        random = np.random.default_rng(7)
        images, places = [], []
        for number, angle in enumerate(angles):
            x, y = random.normal(scale=15, size=2)
            tilt = TiltAlignment(name=f"tilt{number}", angle=angle, axis_angle=axis, displacement=(x, y))
            exact = beads.image(tilt, shape)
            parts = [(exact + random.normal(scale=noise, size=shape)).astype(np.float32) for _ in range(2)]
            paths = [tmp_path / f"{tilt.name}{suffix}.mrc" for suffix in ("", "_even", "_odd")]
            for path, image in zip(paths, (parts[0] + parts[1], *parts), strict=True):
                write_mrc(path, image + 100, PIXEL_SIZE)
            micrograph = Micrograph(path=paths[0], pixel_size=PIXEL_SIZE)
            if halves:
                micrograph = micrograph.model_copy(update={"even": paths[1], "odd": paths[2]})
            exposure = Tilt(name=tilt.name, angle=angle, number=number + 1, source=micrograph)
            images.append(TiltImage(tilt=exposure, micrograph=micrograph))
            places.append(tilt)
        series = ImagedTiltSeries(name="ts", images=tuple(images), tilt_axis_angle=axis)
        transforms = tmp_path / "ts.xf"
        alignment = Alignment(
            tilts=tuple(places), tilt_axis_angle=axis, score=1, transforms=transforms, program="truth"
        )
        return Recorded(beads, series, alignment)

    return recorded
