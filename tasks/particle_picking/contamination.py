"""Find what is no field of particles: contamination, carbon, crystals of ice.

Particles of protein in ice change the light of an area of a third of their diameter by hardly more than one percent,
contamination and carbon by five or more. The scale of an image may be any, but its noise tells how much a percent is.
"""

import math

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from tasks.numerics.device import Array, namespace, to_host
from tasks.particle_picking.filters import blur_within

_DOSE = 40.0
"""Electrons per square angstrom that an image is taken to have; its noise is then the root of their number."""
_ROUNDS = 12
_NEAR = 1.5
"""Contrast within which light belongs to its slow change, in contrasts of foreign matter."""
_COARSE = 64
"""Pixels along a side on which the even light of a micrograph is fitted, about."""


def usable(image: Array, pixel_size: float, noise: float, diameter: float, contrast: float) -> npt.NDArray[np.bool_]:
    """Return where particles of a diameter (angstrom) can be looked for.

    ``noise`` is the variance of a pixel by the noise of the electrons; ``contrast`` the fraction of the light by which
    no particle changes an area.
    """
    width = diameter / pixel_size
    whole = math.sqrt(noise * _DOSE) * pixel_size
    light = to_host(blur_within(image, namespace(image).ones_like(image), width / 3)).astype(np.float64) / whole
    foreign = np.abs(light - _even(light, contrast)) > contrast
    # Beside foreign matter lie its fringes, and parts of what is itself too faint to be seen.
    return scipy.ndimage.distance_transform_edt(~foreign) > 0.35 * width if foreign.any() else ~foreign


def _even(light: npt.NDArray[np.float64], contrast: float) -> npt.NDArray[np.float64]:
    """Fit the slow change of the light over most of a micrograph: a polynomial of second degree."""
    step = max(max(light.shape) // _COARSE, 1)
    y, x = (np.linspace(-1, 1, length) for length in light.shape)
    coarse = light[::step, ::step].ravel()
    terms = _terms(y[::step], x[::step])
    factors = np.array([np.median(coarse), 0, 0, 0, 0, 0])
    for number in range(_ROUNDS):
        # What is near grows from the most common light; a bend would first reach for what is foreign.
        kept = np.abs(coarse - terms @ factors) < _NEAR * contrast
        count = 3 if number < _ROUNDS // 2 else 6
        factors = np.zeros(6)
        factors[:count] = np.linalg.lstsq(terms[kept, :count], coarse[kept], rcond=None)[0]
    return np.asarray((_terms(y, x) @ factors).reshape(light.shape))


def _terms(y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    y, x = (grid.ravel() for grid in np.meshgrid(y, x, indexing="ij"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
