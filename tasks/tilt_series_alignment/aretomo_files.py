"""The files and the log by which AreTomo2 and AreTomo3 align."""

import re
from collections.abc import Sequence
from pathlib import Path

from tasks.aretomo import write_angles
from tasks.errors import ResultError
from tasks.formats.aln import Aln
from tasks.models import Alignment, Exclusion, ImagedTiltSeries, TiltAlignment, TiltImage
from tasks.tilt_series_alignment.conventions import from_aretomo
from tasks.tilt_series_alignment.outcome import transforms_of, write_alignment
from tasks.tilt_series_alignment.stacking import write_stack

_ROUNDING = 0.02
"""AreTomo keeps two decimals of a tilt angle."""
_DARK = "dark: AreTomo finds too little intensity"


def write_inputs(stack: Path, images: Sequence[TiltImage], offset: float = 0.0) -> tuple[int, int]:
    """Write the stack and its tilt angles, to which an offset is added; return the shape of an image."""
    shape = write_stack(stack, images)
    tilts = ((image.tilt.angle + offset, image.tilt.number) for image in images)
    write_angles(stack.with_name(f"{stack.stem}_TLT.txt"), tilts)
    return shape


def read_tilts(
    found: Aln, images: Sequence[TiltImage], source: Path, given: float = 0.0
) -> tuple[tuple[TiltAlignment, ...], tuple[Exclusion, ...]]:
    """Find the tilts of the rows of an alignment, and those that were left out as dark, by their nominal angles.

    ``given`` was added to the nominal angles before AreTomo saw them.
    """
    left = list(images)
    pixel_size = images[0].micrograph.pixel_size
    tilts = []
    for section in sorted(found.sections, key=lambda row: row.tilt):
        image = _take(left, found.nominal_tilt(section) - given, source)
        tilts.append(from_aretomo(section, image.tilt.name, pixel_size))
    # Some versions add the offset to the angles of dark images too.
    for frame in found.dark:
        _near(left, (frame.tilt - given, frame.tilt - given - found.alpha_offset), source)
    if len(found.dark) != len(left):
        names = ", ".join(image.tilt.name for image in left)
        raise ResultError(
            f"{source.name}: {len(found.dark)} images left out as dark, but no row of {names or 'others'}"
        )
    return tuple(tilts), tuple(Exclusion(name=image.tilt.name, reason=_DARK) for image in left)


def _take(left: list[TiltImage], angle: float, source: Path) -> TiltImage:
    """Take the image of a nominal angle out of those that are left."""
    nearest = _near(left, (angle,), source)
    left.remove(nearest)
    return nearest


def _near(left: Sequence[TiltImage], angles: Sequence[float], source: Path) -> TiltImage:
    """Return the image of one of some angles."""
    pairs = [(abs(image.tilt.angle - angle), image) for image in left for angle in angles]
    distance, nearest = min(pairs, key=lambda pair: pair[0], default=(_ROUNDING + 1, None))
    if nearest is None or distance > _ROUNDING:
        raise ResultError(f"{source.name}: a row of tilt {angles[0]:.2f}, which no image of the series has")
    return nearest


def read_score(log: str) -> float:
    """Return the score of the tilt axis that AreTomo settled on."""
    scores = re.findall(r"^Best tilt axis:.*Score:\s*([-+\d.eE]+)", log, re.MULTILINE)
    if not scores:
        raise ResultError("AreTomo ended well but its output has no score of the tilt axis")
    return float(scores[-1])


def read_offset(log: str) -> float | None:
    """Return the tilt offset that AreTomo measured, in degree; None if it measured none."""
    offsets = re.findall(r"^Tilt offset:?\s*([-+\d.]+)", log, re.MULTILINE)
    return float(offsets[-1]) if offsets else None


def concluded(  # noqa: PLR0913 - what was found, and how
    series: ImagedTiltSeries,
    folder: Path,
    found: Aln,
    tilts: tuple[TiltAlignment, ...],
    dark: tuple[Exclusion, ...],
    *,
    score: float,
    program: str,
    offset: float | None,
    shape: tuple[int, int],
) -> Alignment:
    """Return an alignment, written for other programs too."""
    pixel_size = series.images[0].micrograph.pixel_size
    alignment = Alignment(
        tilts=tilts,
        excluded=series.excluded + dark,
        tilt_axis_angle=min(tilts, key=lambda tilt: abs(tilt.angle)).axis_angle,
        score=score,
        tilt_offset=offset,
        thickness=found.thickness * pixel_size if found.thickness else None,
        transforms=transforms_of(series, folder),
        program=program,
    )
    return write_alignment(series, alignment, shape, found.patches)
