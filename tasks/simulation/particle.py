"""The particles of which specimens are made: a built-in protein, or any density map."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError
from tasks.formats.mrc import header, read_volume
from tasks.simulation.scatterers import Scatterers

POTENTIAL_PER_KILODALTON = 2.2e3
"""Volt cubic angstrom: 1210 cubic angstrom of protein, 1.8 volt above ice. Calculated potentials differ by 2.5 volt or
more, but the contrast of real images falls short of what is calculated."""
_RESIDUE_VOLUME = 134.0
"""Cubic angstrom: 1210 cubic angstrom of a kilodalton, 9 residues."""
_LOBES = ((0, 0, 0, 29), (42, 12, 4, 21.5), (-20, 34, -14, 17.5), (-14, -28, 24, 15))
"""Centre and radius in angstrom of the lobes of the built-in protein, at 150 kilodalton."""
_MOST_BLOBS = 20_000


def protein(kilodalton: float = 150.0, *, detail: float = 1.0) -> Scatterers:
    """Return an asymmetric protein of four lobes; 150 kilodalton are some 110 angstrom long.

    ``detail`` below 1 makes it of fewer, larger blobs than one per residue.
    """
    # The protein is a definition, not a sample: it does not change with the seed of a simulation.
    random = np.random.default_rng(20_150)
    size = (kilodalton / 150) ** (1 / 3)
    spacing = (_RESIDUE_VOLUME / detail) ** (1 / 3)
    lobes = [_lobe(np.array(lobe) * size, spacing, random) for lobe in _LOBES]
    positions = np.concatenate(lobes)
    positions -= positions.mean(axis=0)
    weights = np.full(len(positions), kilodalton * POTENTIAL_PER_KILODALTON / len(positions), np.float32)
    return Scatterers(positions.astype(np.float32), weights, spacing / 2)


def _lobe(lobe: npt.NDArray[np.float64], spacing: float, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the residues of a ball: packed as closely as they are in a protein, but not on a lattice."""
    centre, radius = lobe[:3], lobe[3]
    axis = np.arange(-radius, radius + spacing, spacing)
    places = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    places += random.normal(0, 0.3 * spacing, places.shape)
    inside = places[np.linalg.norm(places, axis=1) < radius]
    return np.asarray(centre + (inside if len(inside) else np.zeros((1, 3))))


def from_map(path: Path, kilodalton: float) -> Scatterers:
    """Return the density of an MRC map as blobs, scaled to a mass."""
    found = header(path)
    if found.pixel_size is None:
        raise InputError(path, "no voxel size", "a map whose header gives the voxel size")
    volume = read_volume(path)
    average = float(volume.mean())
    # Solvent and its noise are left out, of masked and of unmasked maps.
    inside = np.argwhere(volume > average + 0.3 * (float(np.percentile(volume, 99.9)) - average))
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
