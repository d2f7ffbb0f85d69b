"""Exposures in the order in which they were taken, and the tilt series they make."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from pydantic import NonNegativeFloat

from tasks.errors import InputError
from tasks.models import Exclusion, Micrograph, Model, Movie, Optics, Tilt, TiltSeries

MINIMUM_TILTS = 3
# Stages come back to an angle within a tenth of a degree; steps between tilts are usually larger than this.
_SAME_ANGLE = 0.3


class Exposure(Model):
    """An exposure of the specimen, whether it can be used or not: its dose counts for those after it."""

    name: str
    angle: float | None
    """Nominal tilt angle in degree."""
    dose: NonNegativeFloat
    """Dose in electron per square angstrom."""
    source: Movie | Micrograph | None
    """None if there is no file that can be used."""
    problem: str | None = None
    """Why it cannot be used."""


def make_series(
    name: str,
    exposures: Sequence[Exposure],
    *,
    tilt_axis_angle: float,
    optics: Optics,
    excluded: Sequence[Exclusion] = (),
) -> TiltSeries:
    """Make a tilt series of exposures in the order in which they were taken."""
    tilts, problems = _numbered(exposures)
    kept, repeated = _without_repeats(tilts)
    left_out = (*excluded, *problems, *repeated)
    if len(kept) < MINIMUM_TILTS:
        reasons = "".join(f"; {exclusion.name}: {exclusion.reason}" for exclusion in left_out[:5])
        raise InputError(f"tilt series {name}", f"{len(kept)} usable tilts{reasons}", f"at least {MINIMUM_TILTS}")
    return TiltSeries(
        name=name,
        tilts=tuple(sorted(_uniquely_named(kept), key=lambda tilt: tilt.angle)),
        tilt_axis_angle=tilt_axis_angle,
        optics=Optics.model_validate({field: getattr(optics, field) for field in Optics.model_fields}),
        excluded=left_out,
    )


def _numbered(exposures: Sequence[Exposure]) -> tuple[list[Tilt], list[Exclusion]]:
    """Give exposures their number and the dose before them; part those that cannot be used."""
    tilts, problems, dose = [], [], 0.0
    for number, exposure in enumerate(exposures, start=1):
        if exposure.problem or exposure.source is None or exposure.angle is None:
            problems.append(Exclusion(name=exposure.name, reason=exposure.problem or "its tilt angle is not known"))
        else:
            tilts.append(_tilt(exposure, exposure.angle, exposure.source, number, dose))
        dose = round(dose + exposure.dose, 6)
    return tilts, problems


def _tilt(exposure: Exposure, angle: float, source: Movie | Micrograph, number: int, dose: float) -> Tilt:
    if isinstance(source, Movie):
        source = source.model_copy(update={"pre_exposure": dose})
    return Tilt(name=exposure.name, angle=angle, number=number, pre_exposure=dose, source=source)


def _without_repeats(tilts: list[Tilt]) -> tuple[list[Tilt], list[Exclusion]]:
    """Keep the last of the tilts that were taken at one angle: the operator had a reason to take it again."""
    kept: list[Tilt] = []
    excluded = []
    tolerance = min(_SAME_ANGLE, _step([tilt.angle for tilt in tilts]) / 3)
    for tilt in reversed(tilts):
        later = next((other for other in kept if abs(other.angle - tilt.angle) <= tolerance), None)
        if later is None:
            kept.append(tilt)
        else:
            reason = f"taken again at {later.angle:g} degree as exposure {later.number} ({later.name})"
            excluded.append(Exclusion(name=tilt.name, reason=reason))
    return kept[::-1], excluded[::-1]


def _step(angles: Sequence[float]) -> float:
    """Return the step between tilts, even if half of them were taken again: the upper quartile of the differences."""
    ordered = sorted(angles)
    differences = sorted(after - before for before, after in pairwise(ordered))
    return differences[len(differences) * 3 // 4] if differences else 0.0


def _uniquely_named(tilts: list[Tilt]) -> list[Tilt]:
    """Tell files of one name in different folders apart by their number."""
    counts = Counter(tilt.name for tilt in tilts)
    return [
        tilt if counts[tilt.name] == 1 else tilt.model_copy(update={"name": f"{tilt.name}_{tilt.number}"})
        for tilt in tilts
    ]
