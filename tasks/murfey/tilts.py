"""The list of tilts in a request for alignment: the text of a Python list of paths and angles."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ValidationError

from tasks.models import Model
from tasks.murfey.values import AbsolutePath, Number, read_literal

_EXPECTED = "a list of [path, angle]"


class AskedTilt(Model):
    """A tilt that a series is to be made of."""

    path: AbsolutePath
    """Its micrograph, as an earlier request named it."""
    angle: Number
    """Nominal tilt angle in degree."""


def read_tilts(value: object) -> tuple[AskedTilt, ...]:
    """Read a list of tilts, in the order of the list; the same tilt twice is one."""
    listed = _literal(value) if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed:
        raise ValueError(_EXPECTED)
    tilts = tuple(dict.fromkeys(map(_tilt, listed)))
    if len({tilt.path for tilt in tilts}) < len(tilts):
        expected = f"{_EXPECTED} in which a path has one angle"
        raise ValueError(expected)
    return tilts


def _literal(text: str) -> object:
    try:
        return read_literal(text)
    except ValueError:
        raise ValueError(_EXPECTED) from None


def _tilt(given: object) -> AskedTilt:
    pair = (
        dict(zip(("path", "angle"), given, strict=True))
        if isinstance(given, list | tuple) and len(given) == 2
        else given
    )
    try:
        return AskedTilt.model_validate(pair)
    except ValidationError:
        expected = f"{_EXPECTED}, not {given!r}"
        raise ValueError(expected) from None


def _by_angle(value: object) -> tuple[AskedTilt, ...]:
    # A tilt that was taken again stands later in the list, which is in the order of arrival.
    last = {tilt.angle: tilt for tilt in read_tilts(value)}
    return tuple(last[angle] for angle in sorted(last))


def _taken_again(value: object) -> object:
    if isinstance(value, list | tuple) and all(isinstance(each, str | Path) for each in value):
        return value
    kept = {tilt.path for tilt in _by_angle(value)}
    return tuple(tilt.path for tilt in read_tilts(value) if tilt.path not in kept)


TiltsByAngle = Annotated[tuple[AskedTilt, ...], BeforeValidator(_by_angle)]
"""One tilt of each angle, the one listed last, in the order of the angles."""
Replaced = Annotated[tuple[Path, ...], BeforeValidator(_taken_again)]
"""The tilts of which a later one has the same angle."""
