"""Find images that cannot be aligned before any is: steep, dark, blank, broken, or taken twice."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError
from tasks.models import Exclusion
from tasks.tilt_series_alignment.tilt_stack import TiltStack

_DARK = 0.4
"""An image with less than this part of the intensity of its neighbours towards the smallest tilt is dark."""
_BLANK = 0.1
"""An image with less than this part of the contrast of the series is blank."""
_SAME_ANGLE = 0.05
_STEEPEST = 80.0
"""Degrees: an image of a steeper tilt sees the plane of the specimen from its edge."""
FEWEST = 3
"""Images below which there is nothing to align."""


def screen(stack: TiltStack) -> tuple[TiltStack, tuple[Exclusion, ...]]:
    """Take out images that cannot be used and say why."""
    reasons: dict[int, str] = {}
    for find in (_steep, _broken, _blank, _dark, _repeated):
        for index, reason in find(stack, [other for other in range(len(stack.tilts)) if other not in reasons]):
            reasons.setdefault(index, reason)
    excluded = tuple(Exclusion(name=stack.names[index], reason=reasons[index]) for index in sorted(reasons))
    kept = np.array([index not in reasons for index in range(len(stack.tilts))])
    require(int(kept.sum()), excluded, stack.tilts[0].micrograph.path.parent.as_posix())
    return stack.only(kept), excluded


def require(usable: int, excluded: tuple[Exclusion, ...], subject: str) -> None:
    """Refuse a series with too few images."""
    if usable < FEWEST:
        why = "; ".join(f"{exclusion.name}: {exclusion.reason}" for exclusion in excluded)
        raise InputError(subject, f"{usable} usable images" + (f" ({why})" if why else ""), f"at least {FEWEST}")


def _steep(stack: TiltStack, left: list[int]) -> Iterator[tuple[int, str]]:
    for index in left:
        if abs(stack.angles[index]) > _STEEPEST:
            yield index, f"steep: tilted by more than {_STEEPEST:.0f} degree"


def _broken(stack: TiltStack, left: list[int]) -> Iterator[tuple[int, str]]:
    for index in left:
        if not np.isfinite(stack.images[index]).all():
            yield index, "broken: has values that are not finite"


def _blank(stack: TiltStack, left: list[int]) -> Iterator[tuple[int, str]]:
    contrasts = {index: float(stack.images[index].std(dtype=np.float64)) for index in left}
    usual = float(np.median([*contrasts.values()])) if left else 0.0
    for index, contrast in contrasts.items():
        if contrast == 0 or contrast < _BLANK * usual:
            yield index, f"blank: its contrast is {_percent(contrast, usual)} of the usual one"


def _dark(stack: TiltStack, left: list[int]) -> Iterator[tuple[int, str]]:
    """Go from the smallest tilt outwards, since thicker specimen is darker by and by."""
    levels = {index: float(stack.images[index].mean(dtype=np.float64)) for index in left}
    # Images whose mean was subtracted say nothing of their dose.
    if not left or min(levels.values()) < 0:
        return
    flat = sorted(left, key=lambda index: abs(stack.angles[index]))
    usual = float(np.median([levels[index] for index in flat[:5]]))
    for side in (1, -1):
        bright = [usual]
        for index in flat:
            if np.sign(stack.angles[index] or 1) == side:
                expected = float(np.median(bright[-3:]))
                if levels[index] < _DARK * expected:
                    yield index, f"dark: its mean is {_percent(levels[index], expected)} of that of its neighbours"
                else:
                    bright.append(levels[index])


def _repeated(stack: TiltStack, left: list[int]) -> Iterator[tuple[int, str]]:
    """Of images at one angle keep the one taken last: one repeats a tilt because the first failed."""
    latest = sorted(left, key=lambda index: -stack.tilts[index].tilt.number)
    kept: list[int] = []
    for index in latest:
        twin = next((other for other in kept if _is_twin(stack, index, other)), None)
        if twin is None:
            kept.append(index)
        else:
            yield index, f"duplicate: {stack.names[twin]} is the same tilt, taken later"


def _is_twin(stack: TiltStack, one: int, other: int) -> bool:
    near = abs(stack.angles[one] - stack.angles[other]) < _SAME_ANGLE
    return bool(near or np.array_equal(stack.images[one], stack.images[other]))


def _percent(value: float, usual: float) -> str:
    return f"{100 * value / usual:.0f} %" if usual else "0 %"


def mask_of(stack: TiltStack, names: set[str]) -> npt.NDArray[np.bool_]:
    """Return which images are not among some names."""
    return np.array([name not in names for name in stack.names])
