"""The pixel size: what the headers say, and rings of crystals whose spacing is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.models import Estimate

Numbers = npt.NDArray[np.floating]

_SPACINGS = {"ice": 3.67, "gold": 2.355}
"""Angstrom."""
_REACH = 0.04
"""How far a ring is looked for from where it should be, as a part of its frequency."""
_SEEN = 8.0
_CUT = 2.5
_AGREES = 0.02
"""Calibrations of microscopes are no better."""
_FROM_HEADERS, _FROM_RINGS = 0.5, 0.9


@dataclass(frozen=True)
class Ring:
    """A ring of a crystal in the spectrum."""

    crystal: str
    scale: float
    """True pixel size over the one that was assumed."""
    height: float
    """In standard deviations of its surroundings."""


def find_rings(frequency: Numbers, power: Numbers) -> list[Ring]:
    """Return the rings of known crystals in a radial mean spectrum; frequencies in 1 / angstrom as they are assumed."""
    rings = (_ring(frequency, np.log(np.maximum(power, 1e-30)), *known) for known in _SPACINGS.items())
    return [ring for ring in rings if ring and ring.height > _SEEN]


def estimate_pixel_size(assumed: float, headers: Sequence[float], rings: Sequence[Ring], images: int) -> Estimate:
    """Compare the pixel size of the parameters with those in headers (angstrom), and with rings if there are any."""
    fixed = {"name": "pixel_size", "unit": "angstrom", "expected": assumed}
    if rings:
        best = max(rings, key=lambda ring: ring.height)
        value, confidence, items = assumed * best.scale, _FROM_RINGS, images
        seen = ", ".join(f"{ring.crystal} {ring.height:.0f} standard deviations high" for ring in rings)
        evidence = f"rings in the mean spectrum: {seen}"
    elif headers:
        value, confidence, items = float(np.median(headers)), _FROM_HEADERS, len(headers)
        evidence = "headers of the files; no ring of ice or gold tells more"
    else:
        why = "no header says it, and no ring of ice or gold is seen in the spectra"
        return Estimate.model_validate(fixed | {"value": None, "confidence": 0.0, "items": images, "evidence": why})
    agrees = abs(value / assumed - 1) <= _AGREES
    found = {"value": round(value, 4), "confidence": confidence, "items": items, "evidence": evidence, "agrees": agrees}
    return Estimate.model_validate(fixed | found)


def _ring(frequency: Numbers, level: Numbers, crystal: str, spacing: float) -> Ring | None:
    """Return the highest ring near where a crystal's should be."""
    expected = 1 / spacing
    if frequency[-1] < expected * (1 + 3 * _REACH):
        return None
    near = np.abs(frequency / expected - 1) <= 3 * _REACH
    place = frequency[near]
    rest = level[near] - _smooth(place, level[near])
    scatter = float(np.median(np.abs(rest - np.median(rest)))) / 0.6745
    inside = np.flatnonzero(np.abs(place / expected - 1) <= _REACH)
    peak = int(inside[np.argmax(rest[inside])])
    if scatter == 0 or not 0 < peak < len(rest) - 1:
        return None
    below, top, above = rest[peak - 1 : peak + 2]
    bend = below - 2 * top + above
    exact = place[peak] + ((place[1] - place[0]) * 0.5 * (below - above) / bend if bend < 0 else 0.0)
    # A single frequency that stands out is a fixed pattern of the camera, or chance.
    return Ring(crystal, float(exact / expected), float((below + top + above) / scatter / np.sqrt(3)))


def _smooth(place: Numbers, level: Numbers) -> Numbers:
    """Fit what is around a ring, which itself does not count."""
    used = np.ones(len(place), bool)
    for _ in range(4):
        curve = np.polynomial.Polynomial.fit(place[used], level[used], 3)
        rest = level - curve(place)
        used = np.abs(rest) <= _CUT * float(np.std(rest[used]))
    around: Numbers = curve(place)
    return around
