"""Find particles of unknown look: learn from the clearest ones how all look, and look again."""

from dataclasses import dataclass

import numpy as np

from tasks.numerics.peak_heights import CERTAIN, divide
from tasks.numerics.peaks import Peaks, find_peaks
from tasks.particle_picking.preparation import Prepared
from tasks.particle_picking.profile import Profile, disc, learn, resemblance

_ROUNDS = 4
_GAIN = 0.01
"""Relative gain of evidence below which what is found does not change any more."""
_STARTS = (0.5, 1.0)
"""Diameters of the discs to begin with, in diameters of the particles: small ones find the middle of lean particles,
large ones that of hollow particles."""
_REACH = 1.3
"""How far a learned profile reaches, in radii of the particles."""
_BY_CHANCE = 16.0
"""Squared standard deviations that a place explains by chance, being the best one of a few thousand; without it, many
picks of noise outweigh a few particles."""
_FEWEST = 5
"""Clear particles of which a profile is learned."""


@dataclass(frozen=True)
class Search:
    """How particles of one size are looked for; lengths in pixels."""

    diameter: float
    distance: float
    """Smallest distance of two particles."""
    margin: float
    """Smallest distance from the edges of the image."""


@dataclass(frozen=True)
class Found:
    """What a search finds."""

    peaks: Peaks
    """All peaks, of noise too."""
    threshold: float
    profile: Profile

    @property
    def particles(self) -> Peaks:
        """The peaks above the threshold."""
        return self.peaks.where(self.peaks.heights >= self.threshold)

    @property
    def evidence(self) -> float:
        """How much of the image the particles explain, in squared standard deviations of the noise."""
        heights = self.particles.heights
        if not len(heights):
            return 0.0
        # A few spots of contamination must not decide.
        usual = np.minimum(heights, 1.5 * np.median(heights))
        return float(np.sum(np.maximum(np.square(usual) - _BY_CHANCE, 0)))


def search(prepared: Prepared, plan: Search) -> Found:
    """Look for discs, learn from the clearest how particles look, and look for that."""
    starts = (_learnt(prepared, disc(start * plan.diameter / 2), plan) for start in _STARTS)
    return max(starts, key=lambda found: found.evidence)


def _learnt(prepared: Prepared, profile: Profile, plan: Search) -> Found:
    """Look for a profile; where some are clear, learn from them how particles look, and look for that."""
    found = _look(prepared, profile, plan)
    for _ in range(_ROUNDS):
        clear = found.particles
        if len(clear) < _FEWEST or clear.heights[_FEWEST - 1] < CERTAIN:
            return found
        again = _look(prepared, learn(prepared, clear.places, _REACH * plan.diameter / 2), plan)
        if again.evidence < found.evidence * (1 + _GAIN):
            return max(found, again, key=lambda either: either.evidence)
        found = again
    return found


def _look(prepared: Prepared, profile: Profile, plan: Search) -> Found:
    peaks = find_peaks(resemblance(prepared, profile), prepared.usable, plan.distance, plan.margin)
    return Found(peaks, divide(peaks.heights), profile)
