"""From where particles are seen, as a map of the sphere: where their density is well known, and where it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from tasks.errors import FormatError
from tasks.formats.star_rows import Loop, read_loops
from tasks.numerics.sphere import sphere
from tasks.numerics.viewing import counted, occurrence, views_of_copies

Numbers = npt.NDArray[np.float64]

_WIDTH, _HEIGHT = 760, 380
"""Pixels of the ellipse."""
_MARGIN, _TOP, _BOTTOM = 40, 48, 76
_COLOURS = np.array([(24, 18, 62), (38, 72, 140), (30, 136, 140), (94, 190, 98), (250, 232, 60)], float)
"""From what is never seen to what is seen most."""
_MODERATE = 2.0
"""How often the brightest colour stands for at least, so that what is nearly even looks so."""
_LINE = (255, 255, 255, 60)
_ANGLES = ("rlnAngleRot", "rlnAngleTilt")
_CLASS = "rlnClassNumber"


@dataclass(frozen=True)
class Views:
    """From where particles are seen: RELION's rot and tilt in degree."""

    rot: Numbers
    tilt: Numbers
    numbers: npt.NDArray[np.int64]
    """The class of each particle; 1 where there are no classes."""

    def of_class(self, number: int) -> Self:
        """Return those of one class."""
        mine = self.numbers == number
        return type(self)(self.rot[mine], self.tilt[mine], self.numbers[mine])

    @property
    def counted(self) -> Numbers:
        """How many there are in each cell of the sphere."""
        return counted(self.rot, self.tilt)


def read_views(path: Path) -> Views:
    """Read the views of all particles of a STAR file."""
    particles = read_loops(path).get("particles")
    if particles is None or set(_ANGLES) - set(particles.columns):
        found = ", ".join(particles.columns) if particles else "no table of particles"
        raise FormatError(path, found, f"particles with {' and '.join(_ANGLES)}")
    names = _ANGLES + (_CLASS,) * (_CLASS in particles.columns)
    rot, tilt, *numbers = _columns(path, particles, names).T
    return Views(rot, tilt, numbers[0].astype(np.int64) if numbers else np.ones(len(rot), np.int64))


def picture_orientations(views: Views, symmetry: str = "C1", words: str = "") -> Image.Image:
    """Picture how often particles, and their symmetric copies, are seen from each direction.

    The map is of equal area (Mollweide): the z axis of the density points up, and rot grows to the right, from -180 to
    180 degree. Colours are relative to all directions being seen evenly. Words are added to the heading.
    """
    often = occurrence(views_of_copies(views.counted, symmetry))
    most = max(float(often.max()), _MODERATE)
    place, inside = _places()
    colours = _palette()[np.minimum(often[place] / most * 255, 255).astype(np.uint8)]
    colours[~inside] = 255
    sheet = Image.new("RGB", (_WIDTH + 2 * _MARGIN, _TOP + _HEIGHT + _BOTTOM), "white")
    sheet.paste(Image.fromarray(colours), (_MARGIN, _TOP))
    pen = ImageDraw.Draw(sheet, "RGBA")
    _grid(pen)
    copies = f"with copies of {symmetry}" if symmetry != "C1" else ""
    heading = ", ".join(filter(None, (f"{len(views.rot)} particles", copies, words)))
    pen.text((_MARGIN, 14), heading, fill="black", font=ImageFont.load_default(18))
    _scale(sheet, pen, most)
    return sheet


def _columns(path: Path, particles: Loop, names: Sequence[str]) -> Numbers:
    """Return some columns of all particles, beside each other."""
    places = [particles.columns.index(name) for name in names]
    split = (row.split(None, max(places) + 1) for row in particles.rows)
    try:
        return np.array([[float(words[place]) for place in places] for words in split]).reshape(-1, len(names))
    except (ValueError, IndexError) as reason:
        raise FormatError(path, f"{' or '.join(names)}: {reason}", "a number in each row") from reason


@cache
def _places() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the cell of the sphere that each pixel of the map shows, and which pixels are inside of the ellipse."""
    y = 1 - (np.arange(_HEIGHT)[:, None] + 0.5) * 2 / _HEIGHT
    x = (np.arange(_WIDTH) + 0.5) * 2 / _WIDTH - 1
    inside = x**2 + y**2 < 1
    auxiliary = np.arcsin(y)
    latitude = np.arcsin(np.clip((2 * auxiliary + np.sin(2 * auxiliary)) / np.pi, -1, 1))
    longitude = np.where(inside, 180 * x / np.cos(auxiliary), 0)
    inclination = np.broadcast_to(90 - np.degrees(latitude), inside.shape)
    return sphere().cells_of(longitude, inclination), inside


def _grid(pen: ImageDraw.ImageDraw) -> None:
    """Draw a line every 30 degree."""
    turns = np.linspace(-np.pi / 2, np.pi / 2, 61)
    for longitude in range(-180, 181, 30):
        _curve(pen, longitude / 180 * np.cos(turns), np.sin(turns))
    for latitude in range(-60, 61, 30):
        auxiliary = _auxiliary(np.radians(latitude))
        _curve(pen, np.array([-1, 1]) * np.cos(auxiliary), np.full(2, np.sin(auxiliary)))
    font = ImageFont.load_default(13)
    middle, base = _MARGIN + _WIDTH / 2, _TOP + _HEIGHT
    pen.text((middle, _TOP - 3), "z", fill="black", font=font, anchor="mb")
    pen.text((middle, base + 3), "-z", fill="black", font=font, anchor="mt")
    for label, x in (("-180", _MARGIN - 4), ("180", _MARGIN + _WIDTH + 4)):
        pen.text((x, _TOP + _HEIGHT / 2), label, fill="black", font=font, anchor="rm" if label[0] == "-" else "lm")


def _auxiliary(latitude: float) -> float:
    """Return the angle whose sine is how high Mollweide's map shows a latitude, both in radian."""
    angle = latitude
    for _ in range(8):
        angle -= (2 * angle + np.sin(2 * angle) - np.pi * np.sin(latitude)) / (2 + 2 * np.cos(2 * angle))
    return angle


def _curve(pen: ImageDraw.ImageDraw, across: Numbers, up: Numbers) -> None:
    x = _MARGIN + _WIDTH / 2 * (1 + across)
    y = _TOP + _HEIGHT / 2 * (1 - up)
    pen.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=_LINE)


def _scale(sheet: Image.Image, pen: ImageDraw.ImageDraw, most: float) -> None:
    """Draw what the colours mean."""
    length, top, font = 256, _TOP + _HEIGHT + 26, ImageFont.load_default(13)
    left = (sheet.width - length) // 2
    bar = np.repeat(_palette()[None], 12, axis=0)
    sheet.paste(Image.fromarray(bar), (left, top))
    for value in (0.0, 1.0, most):
        pen.text((left + length * value / most, top + 14), f"{value:.3g}", fill="black", font=font, anchor="ma")
    pen.text((sheet.width / 2, top + 30), "times as often as if even", fill="black", font=font, anchor="ma")


@cache
def _palette() -> npt.NDArray[np.uint8]:
    places = np.linspace(0, 1, len(_COLOURS))
    shades = [np.interp(np.linspace(0, 1, 256), places, part) for part in _COLOURS.T]
    colours: npt.NDArray[np.uint8] = np.rint(np.stack(shades, axis=1)).astype(np.uint8)
    return colours
