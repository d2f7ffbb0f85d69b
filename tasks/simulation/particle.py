"""The particles of which specimens are made: a built-in protein, or any density map."""

from pathlib import Path

import numpy as np

from tasks.errors import InputError
from tasks.formats.mrc import header, read_volume
from tasks.simulation.scatterers import Scatterers

POTENTIAL_PER_KILODALTON = 3.0e3
"""Volt cubic angstrom above ice: 1210 cubic angstrom of protein, 2.5 volt above ice."""
_RESIDUES_PER_KILODALTON = 9
_LOBES = ((0, 0, 0, 26, 0.45), (38, 8, 4, 18, 0.25), (-22, 34, -10, 14, 0.15), (-12, -26, 32, 12, 0.15))
"""Centre and radius in angstrom and share of the mass of the lobes of the built-in protein, at 150 kilodalton."""
_MOST_BLOBS = 20_000


def protein(kilodalton: float = 150.0, *, detail: float = 1.0) -> Scatterers:
    """Return an asymmetric protein of four lobes; 150 kilodalton are some 110 angstrom long.

    ``detail`` below 1 makes it of fewer, larger blobs than one per residue.
    """
    # The protein is a definition, not a sample: it does not change with the seed of a simulation.
    random = np.random.default_rng(20_150)
    size = (kilodalton / 150) ** (1 / 3)
    count = max(round(_RESIDUES_PER_KILODALTON * kilodalton * detail), 8)
    places = []
    for x, y, z, radius, share in _LOBES:
        number = max(round(count * share), 1)
        direction = random.standard_normal((number, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        distance = radius * random.uniform(0, 1, (number, 1)) ** (1 / 3)
        places.append((np.array([x, y, z]) + direction * distance) * size)
    positions = np.concatenate(places)
    positions -= positions.mean(axis=0)
    weights = np.full(len(positions), kilodalton * POTENTIAL_PER_KILODALTON / len(positions), np.float32)
    return Scatterers(positions.astype(np.float32), weights, 2.5 / detail ** (1 / 3))


def from_map(path: Path, kilodalton: float) -> Scatterers:
    """Return the density of an MRC map as blobs, scaled to a mass."""
    found = header(path)
    if found.pixel_size is None:
        raise InputError(path, "no voxel size", "a map whose header gives the voxel size")
    volume = read_volume(path)
    level = volume.mean() + 2 * volume.std()
    inside = np.argwhere(volume > level)
    if not len(inside):
        raise InputError(path, "an even density", "a map of a particle")
    weights = volume[tuple(inside.T)]
    if len(inside) > _MOST_BLOBS:
        chosen = np.random.default_rng(1).choice(len(inside), _MOST_BLOBS, replace=False)
        inside, weights = inside[chosen], weights[chosen]
    positions = inside[:, ::-1].astype(np.float32) * np.float32(found.pixel_size)
    positions -= np.average(positions, axis=0, weights=weights).astype(np.float32)
    scaled = weights * (kilodalton * POTENTIAL_PER_KILODALTON / weights.sum())
    return Scatterers(positions.astype(np.float32), scaled.astype(np.float32), found.pixel_size)


def particle(path: Path | None, kilodalton: float, *, detail: float = 1.0) -> Scatterers:
    """Return the particle of a map, or the built-in one."""
    return protein(kilodalton, detail=detail) if path is None else from_map(path, kilodalton)
