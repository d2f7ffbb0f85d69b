"""How well a density that was found agrees with the one that was simulated."""

import numpy as np
import numpy.typing as npt
from pydantic import PositiveFloat

from tasks.models import Model
from tasks.numerics.shells import fourier_shell_correlation, resolution
from tasks.numerics.superposition import superpose
from tasks.simulation.particle import particle
from tasks.simulation.setup import Setup
from tasks.simulation.volume import density

Volume = npt.NDArray[np.float32]

_HALF = 0.5
"""A density without noise correlates by 0.5 with one whose halves correlate by 0.143."""


class Agreement(Model):
    """A density beside the true one, which was laid over it."""

    correlation: float
    """Of the two."""
    mirrored_correlation: float
    """Of the density with the mirror image of the true one."""
    fsc: tuple[tuple[float, float], ...]
    """Resolution in angstrom and Fourier shell correlation, of the hand that fits better."""
    resolution: PositiveFloat
    """Angstrom at which the Fourier shell correlation with the truth falls below 0.5."""

    @property
    def is_right_hand(self) -> bool:
        """Whether the density has the hand of the true one."""
        return self.correlation >= self.mirrored_correlation


def agreement(found: Volume, truth: Volume, voxel_size: float, mask: Volume | None = None) -> Agreement:
    """Compare a density with the true one of like voxels; a mask of the density, from 0 to 1, says where."""
    hands = [truth, np.ascontiguousarray(truth[:, :, ::-1])]
    ways = [superpose(hand, found) for hand in hands]
    best = int(ways[1].correlation > ways[0].correlation)
    laid = ways[best].moved(hands[best])
    curve = fourier_shell_correlation(*(volume if mask is None else volume * mask for volume in (found, laid)))
    size = len(found) * voxel_size
    return Agreement(
        correlation=ways[0].correlation,
        mirrored_correlation=ways[1].correlation,
        fsc=tuple((size / shell, float(curve[shell])) for shell in range(1, len(curve))),
        resolution=resolution(curve, voxel_size, _HALF),
    )


def true_density(simulated: Setup, kilodalton: float, box_size: int, voxel_size: float) -> Volume:
    """Return the density of the simulated particle in a box, dense material positive."""
    return density([particle(simulated.density, kilodalton)], (box_size, box_size, box_size), voxel_size)
