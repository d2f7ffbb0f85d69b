"""Score crystalline ice by the ring that it makes in the spectrum."""

from tasks.ctf_estimation.polar import Numbers, PolarSpectra

_RING = (0.260, 0.282)
"""Frequencies in 1 / angstrom around 3.7 angstrom, where cubic and hexagonal ice reflect."""
_BELOW = (0.225, 0.245)
_ABOVE = (0.295, 0.315)


def ice_ring(spectra: PolarSpectra) -> float:
    """Return the power in the ring of ice above its neighbours, as a fraction; 0 where the spectrum ends before it."""
    if spectra.frequency[-1] < _RING[1]:
        return 0.0
    total = spectra.count.sum(axis=(0, 1))
    power = (spectra.power * spectra.count).sum(axis=(0, 1))
    ring, below = _mean(spectra.frequency, power, total, _RING), _mean(spectra.frequency, power, total, _BELOW)
    reaches_above = spectra.frequency[-1] >= _ABOVE[1]
    above = _mean(spectra.frequency, power, total, _ABOVE) if reaches_above else below
    return max(ring / ((below + above) / 2) - 1, 0.0)


def _mean(frequency: Numbers, power: Numbers, total: Numbers, band: tuple[float, float]) -> float:
    inside = (frequency >= band[0]) & (frequency <= band[1])
    return float(power[inside].sum() / total[inside].sum())
