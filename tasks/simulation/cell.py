"""A slab of a cell: vesicles, ribosomes, filaments and crowded small proteins."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from tasks.numerics.peaks import apart
from tasks.simulation.particle import POTENTIAL_PER_KILODALTON, particle
from tasks.simulation.scatterers import Scatterers, joined
from tasks.simulation.slab import Slab

_LEAFLET = 18.0
"""Integral of the potential across a leaflet of a membrane, in volt angstrom: 10 angstrom of head groups."""
_RIBOSOME_SPACING = 400.0
_VESICLE_SPACING = 1200.0
_FILAMENT_SPACING = 1500.0
_STUD_SPACING = 120.0
_RNA = 1.6
"""Potential of a ribosome, two thirds of which are RNA, over that of a protein of its mass."""
_CROWD = 120.0
"""Small proteins in gram per litre."""
_SMALL_PROTEINS = ((40.0, 0.5), (80.0, 0.35), (200.0, 0.15))
"""Masses in kilodalton and their shares among the molecules."""
_AVOGADRO = 6.022e-7
"""Molecules of 1 kilodalton in a cubic angstrom at 1 gram per litre."""


@dataclass(frozen=True)
class Cell:
    """What fills a slab."""

    scatterers: list[Scatterers]
    ribosomes: npt.NDArray[np.float32]
    """Centres of the larger particles, (n, 3)."""


def cell(slab: Slab, density: Path | None, detail: float, distance: float, random: np.random.Generator) -> Cell:
    """Fill a slab; ``detail`` in angstrom is about the smallest distance that matters.

    ``distance`` is the smallest one of two of the larger particles; of 0, they may overlap.
    """
    vesicles = _vesicles(slab, detail, random)
    one = particle(density, 2500, detail=min(0.25, (2.5 / detail) ** 3))
    dense = replace(one, weights=one.weights * np.float32(_RNA))
    count = max(round(slab.volume / _RIBOSOME_SPACING**3), 1)
    turns, places = Rotation.random(count, random_state=random), slab.places(count, 120, random)
    kept = apart(places, distance)
    ribosomes = dense.copies(turns[kept], places[kept])
    filled = [*vesicles, ribosomes, _filaments(slab, detail, random), *_crowd(slab, detail, random)]
    return Cell(joined(filled), places[kept])


def _crowd(slab: Slab, detail: float, random: np.random.Generator) -> list[Scatterers]:
    """Return small proteins at random places."""
    mean = sum(mass * share for mass, share in _SMALL_PROTEINS)
    count = round(slab.volume * _CROWD * _AVOGADRO / mean)
    return _small_proteins(slab.places(count, 20, random), detail, random)


def _small_proteins(centres: npt.NDArray[np.float32], detail: float, random: np.random.Generator) -> list[Scatterers]:
    """Return small proteins of several masses."""
    groups, start = [], 0
    for mass, share in _SMALL_PROTEINS:
        chosen = centres[start : start + round(len(centres) * share)]
        start += len(chosen)
        if len(chosen):
            one = particle(None, mass, detail=min(0.05, (2.5 / detail) ** 3))
            groups.append(one.copies(Rotation.random(len(chosen), random_state=random), chosen))
    return groups


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
    return [
        Scatterers(membrane, np.full(len(membrane), _LEAFLET * area, np.float32), width),
        *_small_proteins(random.permutation(proteins), detail, random),
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


def _sphere(count: float) -> npt.NDArray[np.float64]:
    """Return about so many points, evenly spread over the unit sphere along a spiral."""
    number = np.arange(max(round(count), 1)) + 0.5
    height = 1 - 2 * number / len(number)
    turn = math.pi * (1 + math.sqrt(5)) * number
    across = np.sqrt(1 - height**2)
    return np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=1)
