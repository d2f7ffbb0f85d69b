"""The alignment of a tilt series: where the images lie over each other."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from tasks.formats.mrc_header import read_header
from tasks.images.pictures import contrast, upright
from tasks.images.thumbnails import binned, section_of
from tasks.models import Micrograph, TiltAlignment

SIDE = 1024
"""Longest side in pixels."""
_FARTHEST = 0.5
"""How far beyond the image the picture reaches at most, in sides of the image."""
_LABELS = 28
_GROUND = 40
_NEAR, _FAR = np.array((70, 200, 255)), np.array((255, 80, 50))

Corners = npt.NDArray[np.float64]


def picture_alignment(reference: Micrograph, tilts: Sequence[TiltAlignment], of_reference: str) -> Image.Image:
    """Picture the image of one tilt with the outlines of all, as they were moved and turned onto it.

    The farther a tilt was moved, the redder it is. The dashed line is the tilt axis, and y is upwards.
    """
    _, rows, columns = read_header(reference.path).shape
    size = np.array([columns, rows]) * reference.pixel_size
    base = next(tilt for tilt in tilts if tilt.name == of_reference)
    frames = [_outline(tilt, base, size) for tilt in tilts]
    low, high = _extent(np.concatenate(frames), size)
    scale = (SIDE - _LABELS) / float((high - low).max())
    width, height = (np.ceil((high - low) * scale)).astype(int)
    sheet = Image.new("RGB", (int(width), int(height) + _LABELS), (_GROUND,) * 3)
    picture = _image(reference, round(float(size.max()) * scale))
    left, top = _placed(np.array([-size[0] / 2, size[1] / 2]), low, high, scale)
    sheet.paste(picture, (round(left), round(top)))
    pen = ImageDraw.Draw(sheet)
    moved = np.array([np.hypot(*np.subtract(tilt.displacement, base.displacement)) for tilt in tilts])
    for frame, far in sorted(zip(frames, moved, strict=True), key=lambda pair: -pair[1]):
        corners = [_placed(corner, low, high, scale) for corner in frame]
        pen.line([*corners, corners[0]], fill=_colour(far, float(moved.max())), width=1 + 2 * bool(far == 0))
    _axis(pen, [_placed(end, low, high, scale) for end in _ends(base, size)])
    pen.rectangle((0, int(height), *sheet.size), fill=(_GROUND,) * 3)
    words = f"{len(tilts)} tilts, moved by up to {moved.max():.0f} A; tilt axis at {base.axis_angle:.1f} degree"
    pen.text((8, sheet.height - _LABELS + 6), words, fill="white", font=ImageFont.load_default(15))
    return sheet


def _outline(tilt: TiltAlignment, base: TiltAlignment, size: npt.NDArray[np.float64]) -> Corners:
    """Return where the corners of an image are on the reference, in angstrom from its centre."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * size / 2
    return _turned(corners - tilt.displacement, base.axis_angle - tilt.axis_angle) + base.displacement


def _ends(base: TiltAlignment, size: npt.NDArray[np.float64]) -> Corners:
    """Return the ends of the tilt axis, which is the y axis when the angle is 0."""
    upright_axis = np.array([(0, -1), (0, 1)]) * size.max() / 2
    return _turned(upright_axis, base.axis_angle) + base.displacement


def _turned(points: Corners, degree: float) -> Corners:
    """Turn points counter-clockwise."""
    cosine, sine = np.cos(np.radians(degree)), np.sin(np.radians(degree))
    return np.asarray(points @ np.array([(cosine, sine), (-sine, cosine)]))


def _extent(points: Corners, size: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the lower left and the upper right corner of what is shown."""
    farthest = (0.5 + _FARTHEST) * size
    return np.maximum(points.min(axis=0), -farthest), np.minimum(points.max(axis=0), farthest)


def _placed(
    point: npt.NDArray[np.float64], low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], scale: float
) -> tuple[float, float]:
    """Return where a point is in the picture, whose y points down."""
    return float((point[0] - low[0]) * scale), float((high[1] - point[1]) * scale)


def _image(reference: Micrograph, longest: int) -> Image.Image:
    image = section_of(reference.path, reference.section)
    small = binned(image, max(1, max(image.shape) // longest))
    picture = upright(contrast(small), longest)
    ratio = longest / max(picture.size)
    return picture.resize((round(picture.width * ratio), round(picture.height * ratio)), Image.Resampling.BICUBIC)


def _axis(pen: ImageDraw.ImageDraw, ends: Sequence[tuple[float, float]]) -> None:
    steps = np.linspace(ends[0], ends[1], 60)
    for begin, end in zip(steps[:-1:2], steps[1::2], strict=True):
        pen.line((*begin, *end), fill=(255, 235, 90), width=2)


def _colour(far: float, farthest: float) -> tuple[int, int, int]:
    mixed = np.rint(_NEAR + (_FAR - _NEAR) * (far / farthest if farthest else 0)).astype(int)
    return int(mixed[0]), int(mixed[1]), int(mixed[2])
