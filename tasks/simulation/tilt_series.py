"""Simulated tilt series of a slab of a cell."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.formats.mrc import write_mrc
from tasks.models import Movie, TiltAlignment
from tasks.simulation.camera import Camera
from tasks.simulation.cell import cell
from tasks.simulation.exposure import Exposure
from tasks.simulation.gold import beads_on, gold
from tasks.simulation.grid import Grid
from tasks.simulation.ice import Ice
from tasks.simulation.imaging import Lens, defocus_heights
from tasks.simulation.mdoc import write_mdoc
from tasks.simulation.movie_files import write_frames
from tasks.simulation.movies import draw_defocus
from tasks.simulation.scatterers import Scatterers
from tasks.simulation.setup import Setup
from tasks.simulation.slab import Slab
from tasks.simulation.tilt_scheme import TiltScheme, tilt_order
from tasks.simulation.trajectory import Drift
from tasks.simulation.truth import Defocus, TiltSeriesTruth, TiltTruth
from tasks.simulation.volume import density


class SimulatedTiltSeries(Setup):
    """A tilt series of a slab of a cell, with known truth."""

    name: str = "ts_01"
    shape: tuple[PositiveInt, PositiveInt] = (512, 512)
    pixel_size: PositiveFloat = 5.0
    largest_tilt: PositiveFloat = Field(default=60.0, le=70)
    """Largest tilt angle in degree; the series goes from minus to plus."""
    tilt_step: PositiveFloat = 3.0
    """Difference of neighbouring tilt angles in degree."""
    scheme: TiltScheme = "dose-symmetric"
    frames: PositiveInt = 6
    dose: PositiveFloat = 3.0
    """Dose of a tilt in electron per square angstrom."""
    thickness: PositiveFloat = 1500.0
    """Of the slab, in angstrom."""
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
    defocus_spread: NonNegativeFloat = 1_500.0
    envelope: NonNegativeFloat = 100.0
    drift: Drift = Drift()
    binning: PositiveInt = 2
    """Voxel size of the true volume over the pixel size."""

    def simulate(self, folder: Path) -> TiltSeriesTruth:
        """Write movies, gain reference, mdoc, the true volume and truth.json to a folder."""
        scene = Scene.build(self)
        acquisition = self.acquisition(folder, self.dose / self.frames)
        tilts = []
        for tilt in scene.truth.tilts:
            path = folder / "frames" / f"{tilt.name}.{self.frame_format}"
            random = _random(self, 4, tilt.number)
            counts = scene.expose(tilt, self.frames).counts(scene.camera, random)
            write_frames(path, counts, self.pixel_size, random)
            movie = Movie(path=path, acquisition=acquisition, pre_exposure=tilt.pre_exposure)
            tilts.append(tilt.model_copy(update={"movie": movie}))
        volume = folder / f"{self.name}_truth.mrc"
        write_mrc(volume, scene.volume(), scene.truth.voxel_size)
        mdoc = folder / f"{self.name}.mdoc"
        gain = acquisition.gain and acquisition.gain.path
        found = scene.truth.model_copy(update={"tilts": tuple(tilts), "gain": gain, "volume": volume, "mdoc": mdoc})
        write_mdoc(mdoc, found)
        found.write(folder / "truth.json")
        return found


@dataclass(frozen=True)
class Scene:
    """A specimen, a camera, and how the one is exposed to the other."""

    parameters: SimulatedTiltSeries
    truth: TiltSeriesTruth
    specimen: list[Scatterers]
    camera: Camera

    @classmethod
    def build(cls, parameters: SimulatedTiltSeries) -> "Scene":
        """Draw the specimen, the camera and the truth of a series."""
        slab = _slab(parameters)
        specimen = cell(slab, parameters.density, parameters.pixel_size, _random(parameters, 1))
        camera = parameters.camera()
        rows, columns = parameters.shape
        width, height = columns * parameters.pixel_size, rows * parameters.pixel_size
        count = round(parameters.beads * slab.width * slab.height / (width * height))
        beads = beads_on(slab, count, _random(parameters, 2))
        if count:
            specimen.append(gold(beads, parameters.bead_diameter))
        seen = [bead for bead in beads.tolist() if abs(bead[0]) < width / 2 and abs(bead[1]) < height / 2]
        truth = TiltSeriesTruth(
            name=parameters.name,
            tilts=tuple(sorted(_tilts(parameters, camera), key=lambda tilt: tilt.nominal_angle)),
            tilt_axis_angle=parameters.axis_angle,
            nominal_axis_angle=parameters.nominal_axis_angle,
            handedness=parameters.handedness,
            beads=tuple(seen),
            voxel_size=parameters.pixel_size * parameters.binning,
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
            ice=Ice(grid, path_length, voltage, _random(parameters, 3, tilt.number)),
            path_length=path_length,
            dose_per_frame=parameters.dose / frames,
            pre_exposure=tilt.pre_exposure,
            displacements=tilt.displacements[:frames],
            local=tilt.local,
        )

    def image(self, tilt: TiltTruth) -> npt.NDArray[np.float32]:
        """Return the image of a tilt of the whole dose without motion within it, its mean 1."""
        perfect = Camera(None, (), ())
        counts = self.expose(tilt, 1).counts(perfect, _random(self.parameters, 4, tilt.number))
        image = next(counts).astype(np.float32)
        return np.asarray(image / image.mean())

    def volume(self) -> npt.NDArray[np.float32]:
        """Return the specimen in volt, dense material negative (dark), in the field of the untilted image."""
        parameters, size = self.parameters, self.truth.voxel_size
        rows, columns = (n // parameters.binning for n in parameters.shape)
        depth = math.ceil((parameters.thickness + 2 * parameters.bead_diameter) / size)
        return -density(self.specimen, (depth, rows, columns), size)


def _random(parameters: SimulatedTiltSeries, purpose: int, number: int = 0) -> np.random.Generator:
    return np.random.default_rng([parameters.seed, 2, purpose, number])


def _slab(parameters: SimulatedTiltSeries) -> Slab:
    """Return a slab so large that all tilts look at it from edge to edge."""
    rows, columns = (n * parameters.pixel_size for n in parameters.shape)
    axis, tilt = math.radians(parameters.axis_angle), math.radians(parameters.largest_tilt + 1)
    reach = 8 * parameters.shift + 400
    across = abs(columns * math.cos(axis)) + abs(rows * math.sin(axis)) + reach
    along = abs(columns * math.sin(axis)) + abs(rows * math.cos(axis)) + reach
    width = across / math.cos(tilt) + parameters.thickness * math.tan(tilt)
    return Slab(width, along, parameters.thickness)


def _tilts(parameters: SimulatedTiltSeries, camera: Camera) -> Iterator[TiltTruth]:
    """Yield the truth of the tilts in the order of acquisition."""
    for index, nominal in enumerate(tilt_order(parameters.largest_tilt, parameters.tilt_step, parameters.scheme)):
        random = _random(parameters, 5, index)
        name = f"{parameters.name}_{index + 1:03d}_{nominal:.1f}"
        angle = nominal + random.normal(0, parameters.angle_error)
        x, y = random.normal(0, parameters.shift, 2)
        dose = parameters.dose / parameters.frames
        yield TiltTruth(
            name=name,
            displacements=parameters.drift.path(parameters.frames, dose, angle, parameters.axis_angle, random),
            local=parameters.drift.field(parameters.frames, dose, random),
            defocus=_defocus(parameters, random),
            hot_pixels=camera.hot,
            dead_pixels=camera.dead,
            alignment=TiltAlignment(name=name, angle=angle, axis_angle=parameters.axis_angle, displacement=(x, y)),
            nominal_angle=nominal,
            number=index + 1,
            pre_exposure=index * parameters.dose,
        )


def _defocus(parameters: SimulatedTiltSeries, random: np.random.Generator) -> Defocus:
    """Return the defocus of a tilt; the astigmatism is that of the series."""
    of_series = draw_defocus(0, 0, parameters.astigmatism, _random(parameters, 6))
    middle = max(random.normal(parameters.defocus, parameters.defocus_spread), parameters.defocus / 3)
    half = (of_series.u - of_series.v) / 2
    return Defocus(u=middle + half, v=middle - half, angle=of_series.angle)


def simulate_tilt_images(parameters: SimulatedTiltSeries) -> tuple[npt.NDArray[np.float32], TiltSeriesTruth]:
    """Return one image per tilt (tilts, ny, nx), in order of the tilt angle, and the truth; writes nothing.

    The images have the whole dose, no motion within a tilt, no camera artefacts, and a mean of 1.
    """
    scene = Scene.build(parameters)
    return np.stack([scene.image(tilt) for tilt in scene.truth.tilts]), scene.truth


def true_volume(parameters: SimulatedTiltSeries) -> npt.NDArray[np.float32]:
    """Return the specimen in volt on voxels (nz, ny, nx), dense material dark (negative)."""
    return Scene.build(parameters).volume()
