"""How the specimen lies in the tomogram, and how to lay it flat."""

from dataclasses import replace

import numpy as np

from tasks.tilt_series_alignment.geometry import Geometry, Numbers

_STEEPEST = 15.0
"""Degrees: a steeper specimen is not believed."""
_ROUNDS = 20


def level(geometry: Geometry, centres: Numbers, heights: Numbers) -> Geometry:
    """Turn the tilt angles and move the specimen so that the patches lie, on average, at height 0.

    The images do not tell where their tilt angles begin: this is the choice that lays the specimen flat across the
    axis.
    """
    (slope, _, height), error = plane(centres, heights)
    lifted = np.sin(np.radians(geometry.angles)) * height
    moved = geometry.displacements + np.outer(lifted, geometry.rotation[:, 0])
    flat = replace(geometry, displacements=moved)
    offset = -float(np.degrees(np.arctan(slope)))
    if abs(offset) > _STEEPEST or abs(slope) < 3 * error:
        return flat
    return replace(flat, angles=geometry.angles + offset)


def plane(centres: Numbers, heights: Numbers) -> tuple[tuple[float, float, float], float]:
    """Fit heights = slope_x x + slope_y y + height, robustly; return these and the standard error of slope_x."""
    design = np.column_stack([centres, np.ones(len(centres))])
    weights = np.ones(len(heights))
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)[:, None]
        found = np.linalg.lstsq(design * root, heights * root[:, 0], rcond=None)[0]
        misfit = np.abs(heights - design @ found)
        spread = max(float(np.sqrt(np.mean(weights * misfit**2))), 1e-6)
        weights = np.minimum(1, 2 * spread / np.maximum(misfit, 1e-6))
    # Patches overlap by half: a quarter of them are independent.
    covariance = np.linalg.pinv(design.T @ (design * weights[:, None])) * spread**2 * 4
    x, y, height = (float(value) for value in found)
    return (x, y, height), float(np.sqrt(covariance[0, 0]))
