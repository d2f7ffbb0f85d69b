"""Plot a radial profile."""

import numpy as np
import scipy.ndimage
from PIL import Image, ImageDraw

from tasks.ctf_estimation.profile import Numbers, RadialProfile

_LEFT, _RIGHT = 28, 8
_COLOURS = {"observed": (60, 60, 60), "fit": (200, 60, 20), "correlation": (40, 110, 190)}
_GREY, _CIRCLE = (215, 215, 215), (60, 160, 255)
_TICKS = (20, 10, 7, 5, 4, 3.5, 3, 2.5)
"""Angstrom."""


def plot(profile: RadialProfile, resolution: float, title: str, side: int) -> Image.Image:
    """Return a square plot of the rings above, scaled to the same height everywhere, and of their correlation below."""
    image = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(image)
    across = (side - _LEFT - _RIGHT) / profile.frequency[-1]
    base, height = 0.93 * side, 0.26 * side
    for level in (0.0, 0.5, 1.0):
        pen.line((_LEFT, base - level * height, side - _RIGHT, base - level * height), fill=_GREY)
        pen.text((6, base - level * height - 6), f"{level:g}", fill=_COLOURS["correlation"])
    for angstrom in _TICKS:
        if 1 / angstrom < profile.frequency[-1]:
            pen.text((_LEFT + across / angstrom - 6, base + 8), f"{angstrom:g}", fill="black")
    edge = _LEFT + across / resolution
    pen.line((edge, 40, edge, base), fill=_CIRCLE)
    pen.text((_LEFT, 6), title, fill="black")
    for number, (name, colour) in enumerate(_COLOURS.items()):
        pen.text((_LEFT + 90 * number, 24), name, fill=colour)
    heights = {"correlation": base - np.clip(profile.correlation, 0, 1) * height}
    for name, rings in _rings(profile, resolution).items():
        heights[name] = (0.58 - 0.44 * rings) * side
    for name, values in heights.items():
        points = zip(_LEFT + across * profile.frequency, values, strict=True)
        pen.line([(float(x), float(y)) for x, y in points], fill=_COLOURS[name], width=2)
    return image


def _rings(profile: RadialProfile, resolution: float) -> dict[str, Numbers]:
    """Return observed and fitted rings above the background, scaled to 1; beyond the resolution as just before it."""
    fitted = profile.fit - profile.background
    window = max(3, len(fitted) // 12)
    scale = scipy.ndimage.maximum_filter1d(np.abs(fitted), window)
    last = max(0, int(np.searchsorted(profile.frequency, 1 / resolution)) - 1)
    scale = np.maximum(np.where(np.arange(len(scale)) > last, scale[last], scale), 1e-12)
    rings = {"observed": profile.observed - profile.background, "fit": fitted}
    return {name: np.clip(values / scale, -0.4, 1.15) for name, values in rings.items()}
