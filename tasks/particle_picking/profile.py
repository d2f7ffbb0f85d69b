"""How particles look on average around their centres, and where an image looks like that."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, beside, namespace, to_host
from tasks.numerics.fourier import irfft2, rfft2
from tasks.particle_picking.preparation import Prepared

Numbers = npt.NDArray[np.float64]

_STEP = 0.5
"""Distance between the radii of a profile in pixels."""
_SURROUND = 1.4
"""Radius of the surroundings of a disc, in radii of the disc."""


@dataclass(frozen=True)
class Profile:
    """The mean of an image at distances from a particle's centre."""

    radii: Numbers
    """Pixels."""
    mean: Numbers
    power: Numbers
    """Mean square, that of the noise included."""


def disc(radius: float) -> Profile:
    """Return an even disc in even surroundings, with a mean of 0."""
    radii = np.arange(0, math.ceil(_SURROUND * radius) + 1, _STEP)
    inside = np.clip(radius - radii + 0.5, 0, 1)
    around = np.clip(_SURROUND * radius - radii + 0.5, 0, 1) - inside
    mean = inside - around * (inside @ radii) / (around @ radii)
    return Profile(radii, mean, np.square(mean))


def learn(prepared: Prepared, places: Numbers, reach: float) -> Profile:
    """Average the surroundings of places, (count, 2) x and y in pixels, up to a distance in pixels."""
    half = math.ceil(reach) + 1
    rows, columns = prepared.shape
    corner = np.rint(places).astype(np.int64)
    inside = (corner >= half).all(axis=1) & (corner[:, 0] < columns - half) & (corner[:, 1] < rows - half)
    corner = corner[inside] if inside.any() else np.clip(corner, half, np.array([columns, rows]) - half - 1)
    dy, dx = (grid.ravel() for grid in np.mgrid[-half : half + 1, -half : half + 1])
    width = prepared.image.shape[1]
    picked = (corner[:, 1:] + dy) * width + corner[:, :1] + dx
    return _profile(prepared.image, picked, np.hypot(dy, dx), reach)


def _profile(image: Array, picked: npt.NDArray[np.int64], distances: Numbers, reach: float) -> Profile:
    """Average values at flat indices (places, pixels) of the same distances."""
    xp = namespace(image)
    flat = xp.reshape(image, (-1,))
    values = xp.reshape(xp.take(flat, beside(picked.ravel(), image)), picked.shape)
    mean, power = (to_host(xp.mean(terms, axis=0)).astype(np.float64) for terms in (values, values**2))
    radii = np.arange(0, reach + _STEP, _STEP)
    # A pixel counts for all radii within one pixel of its own, more for nearer ones.
    weights = np.clip(1 - np.abs(distances[None] - radii[:, None]), 0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    return Profile(radii, weights @ mean, weights @ power)


def resemblance(prepared: Prepared, profile: Profile) -> npt.NDArray[np.float32]:
    """Return how well each place looks like the centre of a profile, in standard deviations of the noise."""
    xp = namespace(prepared.image)
    shape = prepared.image.shape
    template = drawn(profile, (shape[0], shape[1]))
    deviation = math.sqrt(prepared.noise * float(np.square(template).sum()))
    transform = xp.conj(rfft2(beside(template, prepared.image)))
    found = irfft2(rfft2(prepared.image) * transform, (shape[0], shape[1]))
    rows, columns = prepared.shape
    scores: npt.NDArray[np.float32] = to_host(found[:rows, :columns] / deviation)
    return scores


def drawn(profile: Profile, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Draw a profile about the first pixel of an image that wraps around, with a mean of 0 within its reach."""
    half = math.ceil(profile.radii[-1]) + 1
    axis = np.arange(-half, half + 1)
    distance = np.hypot(axis[:, None], axis)
    within = np.clip((profile.radii[-1] - distance) / 2 + 0.5, 0, 1)
    values = np.interp(distance, profile.radii, profile.mean) * within
    image = np.zeros(shape, np.float32)
    # A profile may reach farther than a small image: what wraps onto the same pixel adds up.
    np.add.at(image, np.ix_(axis % shape[0], axis % shape[1]), values - within * (values.sum() / within.sum()))
    return image
