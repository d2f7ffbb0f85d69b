from pathlib import Path

import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.models import Alignment, ImagedTiltSeries, Micrograph, Tilt, TiltImage
from tasks.simulation import SimulatedTiltSeries, TiltSeriesTruth, simulate_tilt_images


class Simulated:
    """A simulated series on disk and how far an alignment of it is off."""

    def __init__(self, parameters: SimulatedTiltSeries, folder: Path) -> None:
        self.pixel_size, self.thickness = parameters.pixel_size, parameters.thickness
        self.images, self.truth = simulate_tilt_images(parameters)
        self.series = series_of(self.images, self.truth, self.pixel_size, folder)

    def error(self, alignment: Alignment) -> float:
        """Return the rms error of the displacements in pixels that no movement of the specimen explains."""
        truth = {tilt.name: tilt.alignment for tilt in self.truth.tilts}
        angles = np.radians([truth[tilt.name].angle for tilt in alignment.tilts])
        found = np.array([tilt.displacement for tilt in alignment.tilts])
        true = np.array([truth[tilt.name].displacement for tilt in alignment.tilts])
        axis = np.radians(self.truth.tilt_axis_angle)
        turn = np.array([[np.cos(axis), -np.sin(axis)], [np.sin(axis), np.cos(axis)]])
        across, along = ((found - true) @ turn).T
        explained = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        across = across - explained @ np.linalg.lstsq(explained, across, rcond=None)[0]
        return float(np.sqrt(np.mean(across**2 + (along - along.mean()) ** 2))) / self.pixel_size


def series_of(images: np.ndarray, truth: TiltSeriesTruth, pixel_size: float, folder: Path) -> ImagedTiltSeries:
    """Write images as a stack and return them as a series."""
    path = folder / "stack.mrc"
    write_mrc(path, images, pixel_size, stack=True)
    sections = [Micrograph(path=path, pixel_size=pixel_size, section=index) for index in range(len(images))]
    tilts = [
        Tilt(name=tilt.name, angle=tilt.nominal_angle, number=tilt.number, source=section)
        for tilt, section in zip(truth.tilts, sections, strict=True)
    ]
    return ImagedTiltSeries(
        name="ts_01",
        images=tuple(TiltImage(tilt=tilt, micrograph=tilt.source) for tilt in tilts),
        tilt_axis_angle=truth.nominal_axis_angle,
    )


def _rewritten(series: ImagedTiltSeries, images: np.ndarray, folder: Path) -> ImagedTiltSeries:
    path = folder / "changed.mrc"
    write_mrc(path, images, series.images[0].micrograph.pixel_size, stack=True)
    changed = [
        image.model_copy(update={"micrograph": image.micrograph.model_copy(update={"path": path, "section": section})})
        for section, image in enumerate(series.images)
    ]
    return series.model_copy(update={"images": tuple(changed)})


@pytest.fixture(scope="session")
def rewritten():
    """Return how to give a series other images."""
    return _rewritten


def parameters(seed: int, beads: int) -> SimulatedTiltSeries:
    return SimulatedTiltSeries(
        seed=seed, beads=beads, shape=(144, 160), pixel_size=10, thickness=800, largest_tilt=54, tilt_step=6, frames=1
    )


@pytest.fixture(scope="session")
def without_beads(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return Simulated(parameters(seed=907, beads=0), tmp_path_factory.mktemp("without_beads"))


@pytest.fixture(scope="session")
def with_beads(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return Simulated(parameters(seed=908, beads=8), tmp_path_factory.mktemp("with_beads"))
