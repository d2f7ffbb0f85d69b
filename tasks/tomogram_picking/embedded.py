"""Built-in picking of particles in tomograms."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import PositiveFloat

from tasks.models import Device, Model, Tomogram, TomogramPicks
from tasks.numerics.peaks import find_peaks
from tasks.tomogram_picking.checks import check
from tasks.tomogram_picking.outcome import Outcome
from tasks.tomogram_picking.reduction import median, reduce
from tasks.tomogram_picking.search import resemblance
from tasks.tomogram_picking.threshold import part

_WITHIN = 0.9
"""Radius of the ball that is looked for, in radii of the particles, whose edges are not even."""


class EmbeddedTomogramPicking(Model):
    """Look for balls that are denser than what surrounds them; gold and what is beside it is left out."""

    tool: Literal["embedded"] = "embedded"
    diameter: PositiveFloat
    """Diameter of the particles in angstrom, such as 270 for ribosomes."""
    threshold: PositiveFloat | None = None
    """Lowest figure of merit of a particle, in standard deviations of the noise; none to find it in the tomogram."""
    distance: PositiveFloat = 0.7
    """Smallest distance of two particles, in diameters."""
    margin: PositiveFloat = 0.25
    """Smallest distance of a particle from the faces of the tomogram, in diameters."""
    contrast: Literal["dark", "bright"] = "dark"
    """Whether the particles are darker or brighter than what surrounds them."""
    denoised: bool = False
    """Look in the denoised tomogram, where a few particles among much else that is dense are harder to find."""
    device: Device = "cpu"

    def pick(self, name: str, tomogram: Tomogram, folder: Path) -> TomogramPicks:
        """Find the particles of the tomogram of a tilt series; leave their coordinates in the folder."""
        check(tomogram, self.diameter)
        reduced = reduce(tomogram, self.diameter, dark=self.contrast == "dark")
        size = self.diameter / reduced.voxel_size
        scores = resemblance(reduced.volume, _WITHIN * size / 2, self.device)
        scores -= median(scores)
        scores /= max(1.4826 * median(np.abs(scores)), 1e-20)
        peaks = find_peaks(scores, reduced.usable, self.distance * size, self.margin * size)
        threshold = self.threshold or part(peaks.heights)
        kept = peaks.where(peaks.heights >= threshold)
        outcome = Outcome(
            places=reduced.centred(kept.places, tomogram),
            merits=kept.heights,
            diameter=self.diameter,
            threshold=threshold,
            program=f"cryoem-flows {version('cryoem-flows')}",
            excluded=float(1 - reduced.usable.mean()),
        )
        return outcome.keep(name, tomogram, folder)
