"""A slab of a cell: vesicles, ribosomes, filaments, crowded small proteins, and gold beads on its surfaces."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from tasks.simulation.particle import POTENTIAL_PER_KILODALTON, particle
from tasks.simulation.scatterers import Scatterers

_GOLD_POTENTIAL = 20.0
"""Volt above ice."""
_GOLD_PATH = 150.0
"""Thickness of gold in angstrom after which 1 / e of the electrons still reach the camera."""
_LEAFLET = 25.0
"""Integral of the potential across a leaflet of a membrane, in volt angstrom: 10 angstrom of head groups."""
_RIBOSOME_SPACING = 450.0
_VESICLE_SPACING = 1200.0
_FILAMENT_SPACING = 1500.0
_STUD_SPACING = 120.0
_GLOBULE = 15.0
"""Width of a small protein."""
_CROWD = 120.0
"""Small proteins in gram per litre."""


@dataclass(frozen=True)
class Slab:
    """The space that is filled, around the centre."""

    width: float
    """Along x, in angstrom."""
    height: float
    """Along y, in angstrom."""
    thickness: float
    """Along z, in angstrom."""

    @property
    def volume(self) -> float:
        """Volume in cubic angstrom."""
        return self.width * self.height * self.thickness

    def places(self, count: int, radius: float, random: np.random.Generator) -> npt.NDArray[np.float32]:
        """Return random points at least a radius below the surfaces."""
        reach = np.array([self.width, self.height, max(self.thickness - 2 * radius, 1.0)]) / 2
        return random.uniform(-reach, reach, (count, 3)).astype(np.float32)


def cell(slab: Slab, density: Path | None, detail: float, random: np.random.Generator) -> list[Scatterers]:
    """Fill a slab; ``detail`` in angstrom is about the smallest distance that matters."""
    return [
        *_vesicles(slab, detail, random),
        _ribosomes(slab, density, detail, random),
        _filaments(slab, detail, random),
        _crowd(slab, random),
    ]


def _ribosomes(slab: Slab, density: Path | None, detail: float, random: np.random.Generator) -> Scatterers:
    """Return particles of 2.5 megadalton, of the density map if there is one."""
    one = particle(density, 2500, detail=min(0.25, (3 / detail) ** 3))
    count = max(round(slab.volume / _RIBOSOME_SPACING**3), 1)
    rotations = Rotation.random(count, random_state=random)
    return one.copies(rotations, slab.places(count, 120, random))


def _crowd(slab: Slab, random: np.random.Generator) -> Scatterers:
    """Return small proteins of some 30 to 300 kilodalton."""
    # Gram per litre to molecules of 100 kilodalton per cubic angstrom.
    count = round(slab.volume * _CROWD * 6.022e-9)
    mass = random.lognormal(math.log(80), 0.6, count)
    weights = (mass * POTENTIAL_PER_KILODALTON).astype(np.float32)
    return Scatterers(slab.places(count, 20, random), weights, _GLOBULE)


def _vesicles(slab: Slab, detail: float, random: np.random.Generator) -> list[Scatterers]:
    """Return round membranes of two leaflets, studded with proteins."""
    count = max(round(slab.volume / _VESICLE_SPACING**3), 1)
    width = max(detail, 5.0)
    area = (1.5 * width) ** 2
    largest = min(600.0, 0.45 * slab.thickness)
    leaflets, studs = [], []
    for place in slab.places(count, 0, random):
        radius = random.uniform(0.4 * largest, largest)
        centre = place * np.array([1, 1, max(1 - 2 * radius / slab.thickness, 0.0)])
        leaflets += [centre + (radius + side) * _sphere(4 * math.pi * radius**2 / area) for side in (-19, 19)]
        chosen = random.standard_normal((round(4 * math.pi * radius**2 / _STUD_SPACING**2), 3))
        studs.append(centre + (radius + 15) * chosen / np.linalg.norm(chosen, axis=1, keepdims=True))
    membrane, proteins = (np.concatenate(points).astype(np.float32) for points in (leaflets, studs))
    masses = random.lognormal(math.log(100), 0.5, len(proteins)) * POTENTIAL_PER_KILODALTON
    return [
        Scatterers(membrane, np.full(len(membrane), _LEAFLET * area, np.float32), width),
        Scatterers(proteins, masses.astype(np.float32), _GLOBULE),
    ]


def _filaments(slab: Slab, detail: float, random: np.random.Generator) -> Scatterers:
    """Return bent filaments, as of actin: 43 kilodalton every 27 angstrom."""
    count = max(round(slab.volume / _FILAMENT_SPACING**3), 1)
    steps = round(2000 / 27)
    points = []
    for start in slab.places(count, 60, random):
        heading = random.uniform(0, 2 * math.pi) + np.cumsum(random.normal(0, 0.03, steps))
        slope = random.normal(0, 0.05)
        path = np.cumsum(27 * np.stack([np.cos(heading), np.sin(heading), np.full(steps, slope)], axis=1), axis=0)
        points.append(start + path - path.mean(axis=0))
    positions = np.concatenate(points).astype(np.float32)
    positions = positions[np.abs(positions[:, 2]) < slab.thickness / 2]
    weights = np.full(len(positions), 43 * POTENTIAL_PER_KILODALTON, np.float32)
    return Scatterers(positions, weights, max(15.0, detail))


def beads_on(slab: Slab, count: int, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the centres of beads on both surfaces."""
    places = slab.places(count, 0, random)
    places[:, 2] = np.where(np.arange(count) % 2, 0.5, -0.5) * slab.thickness
    return places


def gold(centres: npt.NDArray[np.float32], diameter: float) -> Scatterers:
    """Return gold beads."""
    spacing = diameter / 10
    axis = (np.arange(10) - 4.5) * spacing
    lattice = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    ball = lattice[np.linalg.norm(lattice, axis=1) <= diameter / 2].astype(np.float32)
    integral = _GOLD_POTENTIAL * math.pi / 6 * diameter**3
    weights = np.full(len(ball), integral / len(ball), np.float32)
    opaque = 1 / (_GOLD_PATH * _GOLD_POTENTIAL)
    return Scatterers(ball, weights, 0.6 * spacing, opaque).copies(Rotation.identity(len(centres)), centres)


def _sphere(count: float) -> npt.NDArray[np.float64]:
    """Return about so many points, evenly spread over the unit sphere along a spiral."""
    number = np.arange(max(round(count), 1)) + 0.5
    height = 1 - 2 * number / len(number)
    turn = math.pi * (1 + math.sqrt(5)) * number
    across = np.sqrt(1 - height**2)
    return np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=1)
