"""What the items of a session agree on: numbers in, estimates with a confidence out, and no truth needed."""

from tasks.consensus.axis import estimate_axis
from tasks.consensus.dose import Counting, count, estimate_dose, unsteady
from tasks.consensus.gain import OrientedGain, estimate_gain, rate_orientations
from tasks.consensus.hand import estimate_hand
from tasks.consensus.pixel_size import estimate_pixel_size

__all__ = [
    "Counting",
    "OrientedGain",
    "count",
    "estimate_axis",
    "estimate_dose",
    "estimate_gain",
    "estimate_hand",
    "estimate_pixel_size",
    "rate_orientations",
    "unsteady",
]
