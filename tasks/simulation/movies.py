"""Simulated single-particle movies."""

from pathlib import Path

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from scipy.spatial.transform import Rotation

from tasks.models import Movie, TiltAlignment
from tasks.simulation.camera import Counts
from tasks.simulation.exposure import Exposure
from tasks.simulation.grid import Grid
from tasks.simulation.ice import Ice
from tasks.simulation.imaging import Lens
from tasks.simulation.movie_files import write_frames
from tasks.simulation.particle import particle
from tasks.simulation.scatterers import Scatterers
from tasks.simulation.setup import Setup
from tasks.simulation.trajectory import Drift
from tasks.simulation.truth import MicrographTruth, MoviesTruth, Particle

UNTILTED = TiltAlignment(name="untilted", angle=0, axis_angle=0, displacement=(0, 0))


class SimulatedMovies(Setup):
    """Movies of single particles in ice, with known truth."""

    name: str = "movie"
    """What the names of the movies begin with."""
    count: PositiveInt = 1
    """Number of movies."""
    shape: tuple[PositiveInt, PositiveInt] = (1024, 1024)
    """Rows and columns of a frame."""
    pixel_size: PositiveFloat = 1.5
    """Pixel size in angstrom."""
    frames: PositiveInt = 20
    """Frames of a movie."""
    dose_per_frame: PositiveFloat = 2.0
    """Dose of a frame in electron per square angstrom."""
    defocus: PositiveFloat = 15_000.0
    """Mean defocus in angstrom; underfocus is positive. None falls below a third of it."""
    defocus_spread: NonNegativeFloat = 4_000.0
    """Standard deviation of the defocus among movies, in angstrom."""
    particles: NonNegativeInt = 60
    """Particles in each movie; fewer if they would overlap."""
    kilodalton: PositiveFloat = 440.0
    """Mass of the particle."""
    ice_thickness: PositiveFloat = 350.0
    """In angstrom."""
    envelope: NonNegativeFloat = 60.0
    """B factor of the loss of contrast by all but motion, damage and the detector, in square angstrom."""
    drift: Drift = Drift(rise=0.0, slide=3.0, decay=3.0, late=0.03, scatter=0.45, jitter=0.15, local=3.0)
    """How the specimen moves."""

    def simulate(self, folder: Path) -> MoviesTruth:
        """Write movies, gain reference and truth.json to a folder."""
        camera = self.camera()
        acquisition = self.acquisition(folder, self.dose_per_frame)
        truths = []
        for number in range(self.count):
            exposure, truth = self.expose(number)
            path = folder / "frames" / f"{truth.name}.{self.frame_format}"
            counts = exposure.counts(camera, self.random(number, 2))
            write_frames(path, counts, self.pixel_size, self.random(number, 3))
            truths.append(truth.model_copy(update={"movie": Movie(path=path, acquisition=acquisition)}))
        gain = acquisition.gain and acquisition.gain.path
        found = MoviesTruth(name=self.name, movies=tuple(truths), gain=gain)
        found.write(folder / "truth.json")
        return found

    def random(self, number: int, purpose: int) -> np.random.Generator:
        """Return random numbers for a movie and a purpose."""
        return np.random.default_rng([self.seed, 1, number, purpose])

    def expose(self, number: int) -> tuple[Exposure, MicrographTruth]:
        """Return a movie (from 0) before it is counted, and its truth."""
        random, camera = self.random(number, 0), self.camera()
        margin = max(32, round(150 / self.pixel_size))
        grid = Grid(self.shape, self.pixel_size, margin)
        truth = MicrographTruth(
            name=f"{self.name}_{number:03d}",
            displacements=self.drift.path(self.frames, self.dose_per_frame, 0, 0, random),
            local=self.drift.field(self.frames, self.dose_per_frame, random),
            defocus=self.draw_defocus(random),
            particles=self._particles(random),
            hot_pixels=camera.hot,
            dead_pixels=camera.dead,
            ice_thickness=self.ice_thickness,
        )
        groups = [self._placed(truth)] if truth.particles else []
        exposure = Exposure(
            grid=grid,
            optics=self.optics,
            lens=Lens(grid, truth.defocus, self.optics, self.envelope),
            specimen=groups,
            alignment=UNTILTED,
            ice=Ice(grid, self.ice_thickness, self.optics.voltage, self.random(number, 1)),
            path_length=self.ice_thickness,
            dose_per_frame=self.dose_per_frame,
            pre_exposure=0,
            displacements=truth.displacements,
            local=truth.local,
        )
        return exposure, truth

    def _particles(self, random: np.random.Generator) -> tuple[Particle, ...]:
        apart = 1.2 * 110 * (self.kilodalton / 150) ** (1 / 3) / self.pixel_size
        places = np.empty((0, 2))
        for place in random.uniform((0, 0), self.shape[::-1], (self.particles * 50, 2)):
            if len(places) < self.particles and (np.hypot(*(places - place).T) > apart).all():
                places = np.concatenate([places, place[None]])
        turns = Rotation.random(len(places), random_state=random).as_quat().tolist()
        return tuple(
            Particle(x=x, y=y, rotation=tuple(turn)) for (x, y), turn in zip(places.tolist(), turns, strict=True)
        )

    def _placed(self, truth: MicrographTruth) -> Scatterers:
        one = particle(self.density, self.kilodalton)
        centres = np.array([(item.x, item.y, 0) for item in truth.particles], np.float32)
        centres -= np.array([self.shape[1] // 2, self.shape[0] // 2, 0], np.float32)
        turns = Rotation.from_quat([item.rotation for item in truth.particles])
        return one.copies(turns, centres * np.float32(self.pixel_size))


def simulate_movie(parameters: SimulatedMovies, number: int = 0) -> tuple[Counts, MicrographTruth]:
    """Return the frames of one movie (from 0) as array of counts (frames, ny, nx), and its truth; writes nothing."""
    exposure, truth = parameters.expose(number)
    return np.stack(list(exposure.counts(parameters.camera(), parameters.random(number, 2)))), truth


def simulate_micrograph(
    parameters: SimulatedMovies, number: int = 0
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], MicrographTruth]:
    """Return one image of the whole dose in a single frame, without motion and camera artefacts, and its truth.

    The mean is 1. It is the cheapest image with a known contrast transfer function.
    """
    still = parameters.model_copy(
        update={
            "frames": 1,
            "dose_per_frame": parameters.frames * parameters.dose_per_frame,
            "gain": False,
            "hot_pixels": 0,
            "dead_pixels": 0,
            "defects": (),
        }
    )
    frames, truth = simulate_movie(still, number)
    image = frames[0].astype(np.float32)
    return image / image.mean(), truth
