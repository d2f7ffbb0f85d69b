"""Gold beads on the surfaces of a specimen."""

import math

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from tasks.simulation.scatterers import Scatterers
from tasks.simulation.slab import Slab

_GOLD_POTENTIAL = 20.0
"""Volt above ice."""
_GOLD_PATH = 150.0
"""Thickness of gold in angstrom after which 1 / e of the electrons still reach the camera."""


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
