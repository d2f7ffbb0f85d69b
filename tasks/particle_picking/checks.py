"""Refuse images in which no particle can be looked for."""

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError
from tasks.formats.mrc import require_finite
from tasks.models import Micrograph


def check(image: npt.NDArray[np.float32], micrograph: Micrograph, diameter: float) -> None:
    """Refuse an image that is even, broken, or not larger than a few particles of a diameter in angstrom."""
    require_finite(micrograph.path, image)
    if image.min() == image.max():
        raise InputError(micrograph.path, f"the same value {image.min():g} in all pixels", "an image")
    shortest = min(image.shape) * micrograph.pixel_size
    if shortest < 3 * diameter:
        found = f"{image.shape[1]} x {image.shape[0]} pixels, {shortest:.0f} angstrom at its narrowest"
        raise InputError(micrograph.path, found, f"at least three particles of {diameter:g} angstrom across")
