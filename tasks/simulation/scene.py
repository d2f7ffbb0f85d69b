"""The specimen of a tilt series, and how it is exposed to the camera."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.simulation.camera import Camera
from tasks.simulation.cell import cell
from tasks.simulation.exposure import Exposure
from tasks.simulation.gold import beads_on, gold
from tasks.simulation.grid import Grid
from tasks.simulation.ice import Ice
from tasks.simulation.imaging import Lens, defocus_heights
from tasks.simulation.scatterers import Scatterers
from tasks.simulation.tilt_setup import TiltSetup
from tasks.simulation.truth import Point, TiltSeriesTruth, TiltTruth
from tasks.simulation.volume import density


@dataclass(frozen=True)
class Scene:
    """A specimen, a camera, and how the one is exposed to the other."""

    parameters: TiltSetup
    truth: TiltSeriesTruth
    specimen: list[Scatterers]
    camera: Camera

    @classmethod
    def build(cls, parameters: TiltSetup) -> "Scene":
        """Draw the specimen, the camera and the truth of a series."""
        slab = parameters.slab()
        distance = parameters.particle_distance
        filled = cell(slab, parameters.density, parameters.pixel_size, distance, parameters.random(1))
        specimen = filled.scatterers
        camera = parameters.camera()
        rows, columns = parameters.shape
        width, height = columns * parameters.pixel_size, rows * parameters.pixel_size
        count = round(parameters.beads * slab.width * slab.height / (width * height))
        beads = beads_on(slab, count, parameters.random(2))
        if count:
            specimen.append(gold(beads, parameters.bead_diameter))
        particles, seen = (_within(width, height, places) for places in (filled.ribosomes, beads))
        truth = TiltSeriesTruth(
            name=parameters.name,
            tilts=tuple(sorted(parameters.tilts(camera), key=lambda tilt: tilt.nominal_angle)),
            tilt_axis_angle=parameters.axis_angle,
            nominal_axis_angle=parameters.nominal_axis_angle,
            handedness=parameters.handedness,
            beads=seen,
            particles=particles,
            voxel_size=parameters.pixel_size * parameters.volume_binning,
        )
        return cls(parameters, truth, specimen, camera)

    def expose(self, tilt: TiltTruth, frames: int) -> Exposure:
        """Return the exposure of a tilt before it is counted."""
        parameters = self.parameters
        grid = Grid(parameters.shape, parameters.pixel_size, max(16, round(150 / parameters.pixel_size)))
        heights = defocus_heights(grid, tilt.alignment, parameters.handedness)
        lens = Lens(grid, tilt.defocus, parameters.optics, parameters.envelope, heights)
        path_length = parameters.thickness / math.cos(math.radians(tilt.alignment.angle))
        voltage = parameters.optics.voltage
        return Exposure(
            grid=grid,
            optics=parameters.optics,
            lens=lens,
            specimen=self.specimen,
            alignment=tilt.alignment,
            ice=Ice(grid, path_length, voltage, parameters.random(3, tilt.number)),
            path_length=path_length,
            dose_per_frame=parameters.dose / frames,
            pre_exposure=tilt.pre_exposure,
            displacements=tilt.displacements[:frames],
            local=tilt.local,
        )

    def image(self, tilt: TiltTruth) -> npt.NDArray[np.float32]:
        """Return the image of a tilt of the whole dose without motion within it, its mean 1."""
        perfect = Camera(None, (), ())
        counts = self.expose(tilt, 1).counts(perfect, self.parameters.random(4, tilt.number))
        image = next(counts).astype(np.float32)
        return np.asarray(image / image.mean())

    def volume(self) -> npt.NDArray[np.float32]:
        """Return the specimen in volt, dense material negative (dark), in the field of the untilted image."""
        parameters, size = self.parameters, self.truth.voxel_size
        rows, columns = (n // parameters.volume_binning for n in parameters.shape)
        depth = math.ceil((parameters.thickness + 2 * parameters.bead_diameter) / size)
        return -density(self.specimen, (depth, rows, columns), size)


def _within(width: float, height: float, places: npt.NDArray[np.float32]) -> tuple[Point, ...]:
    """Return the places in the field of view of the untilted image."""
    return tuple((x, y, z) for x, y, z in places.tolist() if abs(x) < width / 2 and abs(y) < height / 2)
