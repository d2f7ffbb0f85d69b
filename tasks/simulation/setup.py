"""What simulated movies and tilt series have in common: the microscope and the camera."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.formats.files import replacing
from tasks.formats.mrc import write_mrc
from tasks.models import Acquisition, EerSampling, GainReference, Model, Optics
from tasks.simulation.camera import Camera, Rectangle, build_camera
from tasks.simulation.movie_files import HARDWARE_FRAMES, FrameFormat
from tasks.simulation.trajectory import Drift
from tasks.simulation.truth import Defocus


class Setup(Model):
    """The microscope and the camera of a simulation."""

    name: str
    """Name of the tilt series, or what the names of the movies begin with."""
    seed: NonNegativeInt = 0
    """The same seed gives the same data."""
    shape: tuple[PositiveInt, PositiveInt]
    """Rows and columns of a frame."""
    pixel_size: PositiveFloat
    """Pixel size in angstrom."""
    frames: PositiveInt
    """Frames of a movie."""
    optics: Optics = Optics()
    """The microscope."""
    phase_shift: float = 0.0
    """Phase shift of a phase plate in degree."""
    defocus: PositiveFloat
    """Mean defocus in angstrom; underfocus is positive. None falls below a third of it."""
    defocus_spread: NonNegativeFloat
    """Standard deviation of the defocus among movies, in angstrom."""
    astigmatism: tuple[NonNegativeFloat, NonNegativeFloat] = (200.0, 900.0)
    """Smallest and largest difference of the two defoci, in angstrom."""
    envelope: NonNegativeFloat
    """B factor of the loss of contrast by all but motion, damage and the detector, in square angstrom."""
    drift: Drift
    """How the specimen moves."""
    density: Path | None = None
    """MRC map of the (larger) particles; without one they are a built-in asymmetric protein."""
    gain: bool = True
    """Whether the camera has a gain of its own, some 4 % strong."""
    hot_pixels: NonNegativeInt = 20
    """Pixels that count far too much."""
    dead_pixels: NonNegativeInt = 5
    """Pixels that count nothing."""
    defects: tuple[Rectangle, ...] = ()
    """Areas of the camera that count nothing: x and y of the lowest left pixel, width and height."""
    frame_format: FrameFormat = "tiff"
    """Format of the movies."""

    def camera(self) -> Camera:
        """Return the camera of all movies."""
        random = np.random.default_rng([self.seed, 0])
        camera = build_camera(self.shape, gain=self.gain, hot=self.hot_pixels, dead=self.dead_pixels, random=random)
        return replace(camera, defects=self.defects)

    def acquisition(self, folder: Path, dose_per_frame: float) -> Acquisition:
        """Write gain reference and defects, if there are any, and return how the movies are taken."""
        gain, reference, defects = self.camera().gain, None, None
        if gain is not None:
            reference = GainReference(path=folder / "gain.mrc")
            # The reference of an EER movie says how sensitive a pixel is, others what corrects it.
            write_mrc(reference.path, 1 / gain if self.frame_format == "eer" else gain, self.pixel_size)
        if self.defects:
            defects = folder / "defects.txt"
            with replacing(defects) as beside:
                beside.write_text("".join(f"{x} {y} {width} {height}\n" for x, y, width, height in self.defects))
        return Acquisition(
            **self.optics.model_dump(),
            pixel_size=self.pixel_size,
            dose_per_frame=dose_per_frame,
            gain=reference,
            defects=defects,
            eer=EerSampling(grouping=HARDWARE_FRAMES),
        )

    def draw_defocus(self, random: np.random.Generator) -> Defocus:
        """Return a random defocus."""
        middle = max(random.normal(self.defocus, self.defocus_spread), self.defocus / 3)
        half = random.uniform(*self.astigmatism) / 2
        angle = random.uniform(-90, 90)
        return Defocus(u=middle + half, v=middle - half, angle=angle, phase_shift=self.phase_shift)
