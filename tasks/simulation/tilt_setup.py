"""What makes a simulated tilt series: its parameters, and the tilts that are drawn from them."""

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.models import TiltAlignment
from tasks.simulation.camera import Camera
from tasks.simulation.setup import Setup
from tasks.simulation.slab import Slab
from tasks.simulation.tilt_scheme import TiltScheme, tilt_order
from tasks.simulation.trajectory import Drift
from tasks.simulation.truth import Defocus, TiltTruth


class TiltSetup(Setup):
    """A tilt series of a slab of a cell."""

    name: str = "ts_01"
    """Name of the series, and what the names of its movies begin with."""
    shape: tuple[PositiveInt, PositiveInt] = (512, 512)
    """Rows and columns of a frame."""
    pixel_size: PositiveFloat = 5.0
    """Pixel size in angstrom."""
    largest_tilt: PositiveFloat = Field(default=60.0, le=70)
    """Largest tilt angle in degree; the series goes from minus to plus."""
    tilt_step: PositiveFloat = 4.0
    """Difference of neighbouring tilt angles in degree."""
    scheme: TiltScheme = "dose-symmetric"
    """Order in which the tilts are taken."""
    frames: PositiveInt = 6
    """Frames of a movie."""
    dose: PositiveFloat = 3.0
    """Dose of a tilt in electron per square angstrom."""
    thickness: PositiveFloat = 1500.0
    """Of the slab, in angstrom."""
    particle_distance: NonNegativeFloat = 0.0
    """Smallest distance of two of the larger particles in angstrom; of 0, they may overlap."""
    beads: NonNegativeInt = 0
    """Gold beads on the surfaces within the untilted field of view; there are more outside."""
    bead_diameter: PositiveFloat = 100.0
    """In angstrom."""
    axis_angle: float = 84.2
    """True direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""
    nominal_axis_angle: float = 85.0
    """Direction that the microscope reports."""
    angle_error: NonNegativeFloat = 0.1
    """Standard deviation of the true tilt angles around the nominal ones, in degree."""
    shift: NonNegativeFloat = 60.0
    """Standard deviation of the displacement of a tilt in x and y, in angstrom; 0 for an aligned series."""
    handedness: Literal[-1, 1] = -1
    """Sign with which the height of a point adds to its defocus."""
    defocus: PositiveFloat = 35_000.0
    """Mean defocus in angstrom; underfocus is positive. None falls below a third of it."""
    defocus_spread: NonNegativeFloat = 1_500.0
    """Standard deviation of the defocus among movies, in angstrom."""
    envelope: NonNegativeFloat = 100.0
    """B factor of the loss of contrast by all but motion, damage and the detector, in square angstrom."""
    drift: Drift = Drift()
    """How the specimen moves."""
    binning: PositiveInt | None = None
    """Voxel size of the true volume over the pixel size; without it the voxels are as near to 10 angstrom as can be."""

    @property
    def volume_binning(self) -> int:
        """Return the voxel size of the true volume over the pixel size."""
        return self.binning or max(round(10 / self.pixel_size), 1)

    def random(self, purpose: int, number: int = 0) -> np.random.Generator:
        """Return random numbers for a purpose and the number of a tilt."""
        return np.random.default_rng([self.seed, 2, purpose, number])

    def slab(self) -> Slab:
        """Return a slab so large that all tilts look at it from edge to edge."""
        rows, columns = (n * self.pixel_size for n in self.shape)
        axis, tilt = math.radians(self.axis_angle), math.radians(self.largest_tilt + 1)
        reach = 8 * self.shift + 400
        across = abs(columns * math.cos(axis)) + abs(rows * math.sin(axis)) + reach
        along = abs(columns * math.sin(axis)) + abs(rows * math.cos(axis)) + reach
        width = across / math.cos(tilt) + self.thickness * math.tan(tilt)
        return Slab(width, along, self.thickness)

    def tilts(self, camera: Camera) -> Iterator[TiltTruth]:
        """Yield the truth of the tilts in the order of acquisition."""
        dose = self.dose / self.frames
        for index, nominal in enumerate(tilt_order(self.largest_tilt, self.tilt_step, self.scheme)):
            random = self.random(5, index)
            name = f"{self.name}_{index + 1:03d}_{nominal:.1f}"
            angle = nominal + random.normal(0, self.angle_error)
            x, y = random.normal(0, self.shift, 2)
            yield TiltTruth(
                name=name,
                displacements=self.drift.path(self.frames, dose, angle, self.axis_angle, random),
                local=self.drift.field(self.frames, dose, random),
                defocus=self._defocus(random),
                hot_pixels=camera.hot,
                dead_pixels=camera.dead,
                alignment=TiltAlignment(name=name, angle=angle, axis_angle=self.axis_angle, displacement=(x, y)),
                nominal_angle=nominal,
                number=index + 1,
                pre_exposure=index * self.dose,
            )

    def _defocus(self, random: np.random.Generator) -> Defocus:
        """Return the defocus of a tilt; the astigmatism is that of the series."""
        of_series = self.draw_defocus(self.random(6))
        middle = self.draw_defocus(random).mean
        half = (of_series.u - of_series.v) / 2
        return of_series.model_copy(update={"u": middle + half, "v": middle - half})
