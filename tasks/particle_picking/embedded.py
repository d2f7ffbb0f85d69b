"""Built-in picking of particles whose look need not be known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import PositiveFloat, model_validator

from tasks.formats.mrc import read_image
from tasks.models import Device, Micrograph, Model, Picks
from tasks.numerics.device import to_device
from tasks.particle_picking.checks import check
from tasks.particle_picking.outcome import Outcome
from tasks.particle_picking.preparation import Prepared, Reduced, prepare, reduce
from tasks.particle_picking.search import Found, Search, search

_STEP = 1.2
"""Ratio of the diameters that are tried."""


class EmbeddedPicking(Model):
    """Look for round objects, learn from the clearest ones how the particles look, and look for that."""

    tool: Literal["embedded"] = "embedded"
    diameter_range: tuple[PositiveFloat, PositiveFloat] = (100.0, 200.0)
    """Smallest and largest diameter of the particles in angstrom; the same twice if it is known."""
    threshold: PositiveFloat | None = None
    """Lowest figure of merit of a particle, in standard deviations of the noise; none to find it in the image."""
    distance: PositiveFloat = 0.7
    """Smallest distance of two particles, in diameters."""
    margin: PositiveFloat = 0.25
    """Smallest distance of a particle from the edges of the micrograph, in diameters."""
    contamination: PositiveFloat = 0.035
    """Fraction of the light by which no area of a third of a particle's diameter differs unless it is contamination,
    carbon or a crystal of ice; about 40 electrons per square angstrom are assumed. With a phase plate, more."""
    contrast: Literal["dark", "bright"] = "dark"
    """Whether the particles are darker or brighter than the ice."""
    device: Device = "cpu"

    @model_validator(mode="after")
    def range_is_ordered(self) -> Self:
        """Refuse a range that holds nothing."""
        if self.diameter_range[0] > self.diameter_range[1]:
            raise ValueError(f"diameter_range {self.diameter_range}: the smallest must come first")
        return self

    def pick(self, micrograph: Micrograph, folder: Path) -> Picks:
        """Find the particles of a micrograph; leave their coordinates in the folder."""
        image = read_image(micrograph.path, micrograph.section)
        check(image, micrograph, self.diameter_range[1])
        reduced = reduce(to_device(image, self.device), micrograph.pixel_size, self.diameter_range, self.contamination)
        attempts = [self._search(reduced, diameter) for diameter in self._diameters()]
        best = max(attempts, key=_evidence)
        threshold = self.threshold or best.found.threshold
        peaks = best.found.peaks.where(best.found.peaks.heights >= threshold)
        outcome = Outcome(
            places=peaks.places * np.array(best.prepared.scale),
            merits=peaks.heights,
            diameter=between([(attempt.diameter, _evidence(attempt)) for attempt in attempts]),
            threshold=threshold,
            program=f"cryoem-flows {version('cryoem-flows')}",
            usable=reduced.usable,
        )
        return outcome.keep(image, micrograph, folder)

    def _diameters(self) -> list[float]:
        """Return the diameters to try, in angstrom."""
        low, high = self.diameter_range
        count = 1 + round(np.log(high / low) / np.log(_STEP))
        return [float(diameter) for diameter in np.geomspace(low, high, count)]

    def _search(self, reduced: Reduced, diameter: float) -> "_Attempt":
        prepared = prepare(reduced, diameter, dark=self.contrast == "dark")
        size = diameter / prepared.pixel_size
        return _Attempt(diameter, prepared, search(prepared, Search(size, self.distance * size, self.margin * size)))


@dataclass(frozen=True)
class _Attempt:
    """What was found for one diameter."""

    diameter: float
    """Angstrom."""
    prepared: Prepared
    found: Found


def _evidence(attempt: _Attempt) -> float:
    return attempt.found.evidence


def between(tried: Sequence[tuple[float, float]]) -> float:
    """Return the diameter of the most evidence, by a parabola through the best that was tried and its neighbours."""
    diameters, evidence = [float(diameter) for diameter, _ in tried], [float(value) for _, value in tried]
    best = evidence.index(max(evidence))
    if evidence[best] == 0:
        return math.sqrt(diameters[0] * diameters[-1])
    if not 0 < best < len(tried) - 1:
        return diameters[best]
    before, top, after = evidence[best - 1 : best + 2]
    offset = (before - after) / (2 * (before - 2 * top + after)) if before + after < 2 * top else 0.0
    return float(diameters[best] * (diameters[best + 1] / diameters[best]) ** offset)
