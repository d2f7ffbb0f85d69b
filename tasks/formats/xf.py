"""Transforms of the images of a stack as IMOD writes them (.xf): A11 A12 A21 A22 DX DY, one line per section."""

from collections.abc import Iterable
from pathlib import Path

from tasks.formats.text import rows, write_lines
from tasks.models import Model


class Transform(Model):
    """A linear transform of an image about its centre, then a shift in pixels of the image.

    A point at (x, y) from the centre comes to (a11 x + a12 y + dx, a21 x + a22 y + dy) from the centre.
    """

    a11: float
    a12: float
    a21: float
    a22: float
    dx: float
    dy: float


def read_xf(path: Path) -> tuple[Transform, ...]:
    """Read the transforms of a file."""
    names = tuple(Transform.model_fields)
    found = rows(path, "an IMOD .xf file", columns=len(names))
    return tuple(Transform(**dict(zip(names, row, strict=True))) for row in found)


def write_xf(path: Path, transforms: Iterable[Transform]) -> None:
    """Write transforms."""
    write_lines(path, map(_line, transforms))


def _line(transform: Transform) -> str:
    linear = (transform.a11, transform.a12, transform.a21, transform.a22)
    return "".join(f"{value:12.7f}" for value in linear) + f"{transform.dx:12.3f}{transform.dy:12.3f}"
