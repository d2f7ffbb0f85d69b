"""Curves against resolution, as a picture: Fourier shell correlations."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_SIZE = (720, 460)
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 24, 64, 52
_COLOURS = ((20, 20, 20), (30, 100, 200), (200, 70, 30), (130, 130, 130), (40, 150, 60))
_GRID, _LIMIT = (228, 228, 228), (190, 60, 40)
_ROUND = (100, 50, 40, 30, 25, 20, 15, 12, 10, 8, 7, 6, 5, 4, 3.5, 3, 2.5, 2.2, 2, 1.8, 1.6, 1.4, 1.2, 1)
_APART = 42
"""Pixels between the labels of the axis of resolution, at least."""

Points = Sequence[tuple[float, float]]
"""Resolution in angstrom, and correlation."""


def picture_curves(title: str, curves: Mapping[str, Points], levels: Mapping[str, float]) -> Image.Image:
    """Draw curves by their names, between correlations of -0.1 and 1, and levels as dashed lines."""
    image = Image.new("RGB", _SIZE, "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    finest = min(resolution for points in curves.values() for resolution, _ in points)
    _axes(pen, font, finest)
    pen.text((_LEFT, 10), title, fill="black", font=ImageFont.load_default(16))
    x = float(_LEFT)
    for colour, (name, points) in zip(_COLOURS, curves.items(), strict=False):
        pen.line([(_across(resolution, finest), _up(value)) for resolution, value in points], fill=colour, width=2)
        pen.text((x, 38), name, fill=colour, font=font)
        x += pen.textlength(name, font=font) + 24
    for name, level in levels.items():
        _dashed(pen, _up(level))
        pen.text((_SIZE[0] - _RIGHT - 4, _up(level) - 16), name, fill=_LIMIT, font=font, anchor="ra")
    return image


def _axes(pen: ImageDraw.ImageDraw, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, finest: float) -> None:
    right, base = _SIZE[0] - _RIGHT, _SIZE[1] - _BOTTOM
    for value in np.arange(0, 1.01, 0.2):
        pen.line((_LEFT, _up(value), right, _up(value)), fill=_GRID)
        pen.text((_LEFT - 8, _up(value)), f"{value:.1f}", fill="black", font=font, anchor="rm")
    last = float(_LEFT)
    for angstrom in _ROUND:
        x = _across(angstrom, finest)
        if x <= right and x - last >= _APART:
            pen.line((x, _TOP, x, base), fill=_GRID)
            pen.text((x, base + 6), f"{angstrom:g}", fill="black", font=font, anchor="ma")
            last = x
    pen.rectangle((_LEFT, _TOP, right, base), outline=(120, 120, 120))
    pen.text(((_LEFT + right) / 2, base + 28), "resolution in angstrom", fill="black", font=font, anchor="ma")


def _dashed(pen: ImageDraw.ImageDraw, y: float) -> None:
    for x in range(_LEFT, _SIZE[0] - _RIGHT, 10):
        pen.line((x, y, x + 5, y), fill=_LIMIT)


def _across(resolution: float, finest: float) -> float:
    return _LEFT + (_SIZE[0] - _LEFT - _RIGHT) * finest / resolution


def _up(value: float) -> float:
    base = _SIZE[1] - _BOTTOM
    return base - (base - _TOP) * (min(max(value, -0.1), 1.0) + 0.1) / 1.1
