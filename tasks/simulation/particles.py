"""Simulated images of particles, cut out and centred, with known truth: what classification and refinement start from.

Angles are RELION's: the density is turned by the inverse of Rz(rot) Ry(tilt) Rz(psi), all counter-clockwise, and seen
along z. An origin is what moves the particle back to the centre of its image: minus its displacement.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from scipy.spatial.transform import Rotation

from tasks.formats.mrc import write_mrc
from tasks.formats.star import write_star
from tasks.models import Model, Optics, ParticleSet, TiltAlignment
from tasks.numerics.fourier import irfft2
from tasks.simulation.grid import Grid
from tasks.simulation.imaging import transfer
from tasks.simulation.particle import particle
from tasks.simulation.scatterers import Scatterers, projection
from tasks.simulation.truth import Defocus
from tasks.simulation.volume import density

Images = npt.NDArray[np.float32]
Vectors = npt.NDArray[np.float64]

_MICROGRAPH = 50
"""Particles of one micrograph."""
_FADED = 0.7
"""Share of the half box beyond which blobs of contamination begin."""


class ParticlesTruth(Model):
    """Simulated particles, and what is known of them."""

    particles: ParticleSet
    """What a program is given: images and their CTF, nothing else."""
    answers: Path
    """The same with the true angles and origins, from which RELION reconstructs the density."""
    density: Path
    """The density in the voxels of the images, dense material positive."""
    junk: tuple[bool, ...]
    """Which images are not of the particle: noise, or contamination."""


class SimulatedParticles(Model):
    """Images of one kind of particle in all orientations, with a share of junk."""

    count: PositiveInt = 500
    """Number of images."""
    box_size: PositiveInt = 48
    """Side of the images in pixels."""
    pixel_size: PositiveFloat = 4.0
    """In angstrom."""
    optics: Optics = Optics()
    map: Path | None = None
    """Density of the particle; by default the built-in protein, which has no symmetry."""
    kilodalton: PositiveFloat = 150.0
    """Mass of the particle."""
    symmetry: PositiveInt = 1
    """Copies of the particle about the z axis."""
    radius: NonNegativeFloat = 0.0
    """Distance of the copies from the axis, in angstrom."""
    signal_to_noise: PositiveFloat = 0.1
    """Variance of the signal within the particle's disc relative to that of the noise."""
    defocus: tuple[PositiveFloat, PositiveFloat] = (10_000.0, 25_000.0)
    """Least and largest defocus in angstrom."""
    displacement: NonNegativeFloat = 4.0
    """Standard deviation of the distance from the centre in x and y, in angstrom."""
    envelope: NonNegativeFloat = 60.0
    """B factor of the loss of contrast in square angstrom."""
    junk: float = Field(default=0.0, ge=0, lt=1)
    """Share of the images that are not of the particle."""
    seed: NonNegativeInt = 0

    def simulate(self, folder: Path) -> ParticlesTruth:
        """Write the stack, its STAR files and the true density to a folder."""
        random = np.random.default_rng([self.seed, 7])
        specimen = self._specimen()
        angles = Rotation.random(self.count, random_state=random).as_euler("ZYZ", degrees=True)
        displacements = random.normal(0, self.displacement, (self.count, 2))
        focus = np.sort(random.uniform(*self.defocus, (self.count, 2)), axis=1)[:, ::-1]
        # Real astigmatism is a few hundred angstrom.
        focus[:, 1] = focus[:, 0] - 0.05 * (focus[:, 0] - focus[:, 1])
        azimuths = random.uniform(0, 180, self.count)
        is_junk = random.random(self.count) < self.junk
        stack = self._images(specimen, angles, displacements, np.column_stack([focus, azimuths]), is_junk, random)
        stack_path = folder.resolve() / "particles.mrcs"
        write_mrc(stack_path, stack, self.pixel_size, stack=True)
        table = self._table(stack_path, np.column_stack([focus, azimuths]))
        true = table.assign(
            rlnAngleRot=angles[:, 0],
            rlnAngleTilt=angles[:, 1],
            rlnAnglePsi=angles[:, 2],
            rlnOriginXAngst=-displacements[:, 0],
            rlnOriginYAngst=-displacements[:, 1],
        )
        star, answers, volume = (folder / name for name in ("particles.star", "answers.star", "density.mrc"))
        write_star(star, {"optics": self._optics(), "particles": table})
        write_star(answers, {"optics": self._optics(), "particles": true[~is_junk]})
        shape = (self.box_size, self.box_size, self.box_size)
        write_mrc(volume, density([specimen], shape, self.pixel_size), self.pixel_size)
        return ParticlesTruth(
            particles=ParticleSet(
                star=star,
                count=self.count,
                box_size=self.box_size,
                pixel_size=self.pixel_size,
                diameter=_diameter(specimen),
            ),
            answers=answers,
            density=volume,
            junk=tuple(is_junk.tolist()),
        )

    def _specimen(self) -> Scatterers:
        one = particle(self.map, self.kilodalton)
        turns = Rotation.from_euler("z", np.arange(self.symmetry)[:, None] * 360 / self.symmetry, degrees=True)
        moved = Scatterers(one.positions + np.array([self.radius, 0, 0], np.float32), one.weights, one.width)
        return moved.copies(turns, np.zeros((self.symmetry, 3), np.float32))

    def _images(  # noqa: PLR0913, PLR0917 - all that differs between images
        self,
        specimen: Scatterers,
        angles: Vectors,
        displacements: Vectors,
        focus: Vectors,
        is_junk: npt.NDArray[np.bool_],
        random: np.random.Generator,
    ) -> Images:
        grid = Grid((self.box_size, self.box_size), self.pixel_size, self.box_size // 2)
        turns = Rotation.from_euler("ZYZ", angles, degrees=True).inv().as_matrix().astype(np.float32)
        signal = np.empty((self.count, self.box_size, self.box_size), np.float32)
        for number in range(self.count):
            shown = _contamination(self, random) if is_junk[number] else specimen
            turned = Scatterers(shown.positions @ turns[number].T, shown.weights, shown.width)
            view = TiltAlignment(name="view", angle=0, axis_angle=0, displacement=tuple(displacements[number].tolist()))
            lens = transfer(
                grid,
                Defocus(u=focus[number, 0], v=focus[number, 1], angle=focus[number, 2]),
                self.optics,
                self.envelope,
            )
            # Particles are bright in stacks, opposite to micrographs.
            signal[number] = grid.cut(irfft2(-projection([turned], view, grid) * lens, grid.padded))
        inside = _disc(self.box_size, _diameter(specimen) / 2 / self.pixel_size)
        genuine = signal[~is_junk] if not is_junk.all() else signal
        scale = np.sqrt(self.signal_to_noise / np.var(genuine[:, inside]))
        noise = random.standard_normal(signal.shape, np.float32)
        return np.asarray(signal * scale + noise, np.float32)

    def _table(self, stack: Path, focus: Vectors) -> pd.DataFrame:
        numbers = range(self.count)
        return pd.DataFrame(
            {
                "rlnImageName": [f"{number + 1:06d}@{stack}" for number in numbers],
                "rlnMicrographName": [f"micrograph_{number // _MICROGRAPH:03d}.mrc" for number in numbers],
                "rlnOpticsGroup": 1,
                "rlnDefocusU": focus[:, 0],
                "rlnDefocusV": focus[:, 1],
                "rlnDefocusAngle": focus[:, 2],
                "rlnPhaseShift": 0.0,
                "rlnCtfBfactor": 0.0,
                "rlnCtfScalefactor": 1.0,
            }
        )

    def _optics(self) -> pd.DataFrame:
        values: dict[str, Any] = {
            "rlnOpticsGroupName": "opticsGroup1",
            "rlnOpticsGroup": 1,
            "rlnMicrographOriginalPixelSize": self.pixel_size,
            "rlnVoltage": self.optics.voltage,
            "rlnSphericalAberration": self.optics.spherical_aberration,
            "rlnAmplitudeContrast": self.optics.amplitude_contrast,
            "rlnImagePixelSize": self.pixel_size,
            "rlnImageSize": self.box_size,
            "rlnImageDimensionality": 2,
        }
        return pd.DataFrame([values])


def _diameter(specimen: Scatterers) -> float:
    """Return the diameter of a particle about its centre, with 10 % to spare."""
    return float(2.2 * np.percentile(np.linalg.norm(specimen.positions, axis=1), 99.5))


def _disc(size: int, radius: float) -> npt.NDArray[np.bool_]:
    places = np.arange(size) - size // 2
    return np.asarray(np.hypot(places[:, None], places) <= radius)


def _contamination(parameters: SimulatedParticles, random: np.random.Generator) -> Scatterers:
    """Return nothing at all, or a crystal of ice at the edge of the box."""
    if random.random() < 0.5:
        return Scatterers(np.zeros((1, 3), np.float32), np.zeros(1, np.float32), parameters.pixel_size)
    half = parameters.box_size * parameters.pixel_size / 2
    direction = random.standard_normal(3)
    place = direction / np.linalg.norm(direction) * half * _FADED
    spread = random.normal(0, half / 5, (300, 3)) + place
    weights = np.full(300, parameters.kilodalton * 2.2e3 * 2 / 300, np.float32)
    return Scatterers(spread.astype(np.float32), weights, parameters.pixel_size)
