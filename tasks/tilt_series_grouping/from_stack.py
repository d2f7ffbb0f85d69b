"""Tilt series of a stack of images that are summed already."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.errors import FormatError, InputError
from tasks.formats import dm, mrc
from tasks.formats.mdoc import read_mdoc
from tasks.formats.mrc_angles import read_tilt_angles
from tasks.formats.tlt import read_order, read_tlt
from tasks.models import Micrograph, Model, Optics, TiltSeries
from tasks.tilt_series_grouping.exposures import Exposure, make_series
from tasks.tilt_series_grouping.from_mdoc import in_order_of_acquisition

_DM = {".dm3", ".dm4"}


class _Angles(Model):
    """Tilt angles of the sections of a stack."""

    angles: tuple[float | None, ...]
    order: tuple[int, ...] | None = None
    """Sections in the order of acquisition."""
    doses: tuple[float, ...] | None = None
    """Dose of each section in electron per square angstrom."""
    tilt_axis_angle: float | None = None


def from_stack(  # noqa: PLR0913 - each of these may be known or not
    stack: Path,
    angles: Path | Sequence[float] | None = None,
    *,
    folder: Path | None = None,
    optics: Optics | None = None,
    pixel_size: float | None = None,
    tilt_axis_angle: float | None = None,
    order: Sequence[int] | None = None,
    dose_per_tilt: float | None = None,
) -> TiltSeries:
    """Make a tilt series of a stack (MRC, also called .st; DM3, DM4) and the tilt angles of its sections.

    ``angles`` are the angles, or a .tlt, .rawtlt or .mdoc file of them; without them, such a file is looked for beside
    the stack, and then they are looked for in its header. ``order`` lists the sections (from 0) in the order of
    acquisition, if neither an mdoc nor a second column of the angles says it; it is needed to know the dose before each
    tilt. A DM stack is written to ``folder`` as MRC file. Pixel size in angstrom.
    """
    path, sections, found_size = _images(stack, folder)
    known = _angles(stack, angles, sections)
    size = pixel_size or found_size
    if size is None:
        raise InputError(stack, "no pixel size", "one in the header or in the parameters")
    axis = known.tilt_axis_angle if tilt_axis_angle is None else tilt_axis_angle
    if axis is None:
        raise InputError(stack, "no tilt axis angle", "one in an mdoc or in the parameters")
    taken = _order(stack, order, known, dose_per_tilt)
    exposures = [
        Exposure(
            name=f"{stack.stem}_{section:03d}",
            angle=known.angles[section],
            dose=(known.doses[section] if known.doses else 0.0) if dose_per_tilt is None else dose_per_tilt,
            source=Micrograph(path=path, pixel_size=size, section=section),
        )
        for section in taken
    ]
    return make_series(stack.stem, exposures, tilt_axis_angle=axis, optics=optics or Optics())


def _images(stack: Path, folder: Path | None) -> tuple[Path, int, float | None]:
    """Return the MRC file of the images, the number of its sections and its pixel size."""
    if stack.suffix.lower() not in _DM:
        header = mrc.header(stack)
        return stack, header.shape[0], header.pixel_size
    found = dm.header(stack)
    if folder is None:
        raise InputError(stack, "a DigitalMicrograph file", "a folder to write it to as MRC file")
    path = folder / f"{stack.stem}.mrc"
    images = dm.read_volume(stack)
    mrc.write_mrc(path, images.astype(np.float32), found.pixel_size or 1.0, stack=True)
    return path, found.shape[0], found.pixel_size


def _angles(stack: Path, angles: Path | Sequence[float] | None, sections: int) -> _Angles:
    """Return what is known of the sections of a stack."""
    source = _found(stack) if angles is None else angles
    if isinstance(source, Path) and source.suffix == ".mdoc":
        return _of_mdoc(stack, source, sections)
    listed = read_tlt(source) if isinstance(source, Path) else tuple(float(angle) for angle in source)
    if len(listed) != sections:
        subject = source if isinstance(source, Path) else stack
        raise InputError(subject, f"{len(listed)} tilt angles", f"{sections}, one for each section of {stack.name}")
    return _Angles(angles=listed, order=read_order(source) if isinstance(source, Path) else None)


def _found(stack: Path) -> Path | Sequence[float]:
    """Return the file of tilt angles beside a stack, or the angles in its header."""
    names = (f"{stack.name}.mdoc", f"{stack.stem}.mdoc", f"{stack.stem}.rawtlt", f"{stack.stem}.tlt")
    beside = next((path for name in names if (path := stack.with_name(name)).is_file()), None)
    inside = None if beside or stack.suffix.lower() in _DM else read_tilt_angles(stack)
    if beside is None and inside is None:
        raise FormatError(stack, "no tilt angles", f"them in its header or in {', '.join(names)}")
    return beside or inside or ()


def _of_mdoc(stack: Path, path: Path, sections: int) -> _Angles:
    """Return what an mdoc file says of the sections of its stack, which it numbers."""
    mdoc = read_mdoc(path)
    by_number = {section.number: section for section in mdoc.sections if section.kind == "ZValue"}
    if sorted(by_number) != list(range(sections)):
        found = f"sections {', '.join(map(str, sorted(by_number))) or 'none'}"
        raise InputError(path, found, f"0 to {sections - 1} as {stack.name} has")
    ordered = [by_number[number] for number in range(sections)]
    doses = [section.exposure_dose or 0.0 for section in ordered]
    return _Angles(
        angles=tuple(section.tilt_angle for section in ordered),
        order=tuple(section.number for section in in_order_of_acquisition(ordered)),
        doses=tuple(doses),
        tilt_axis_angle=mdoc.tilt_axis_angle,
    )


def _order(stack: Path, order: Sequence[int] | None, known: _Angles, dose: float | None) -> Sequence[int]:
    """Return the sections in the order of acquisition."""
    sections = len(known.angles)
    taken = known.order if order is None else tuple(order)
    if taken is None:
        if dose:
            raise InputError(stack, "a dose, but no order of acquisition", "the sections in the order of acquisition")
        return range(sections)
    if sorted(taken) != list(range(sections)):
        raise InputError(stack, f"order {', '.join(map(str, taken))}", f"each section from 0 to {sections - 1} once")
    return taken
