"""An alignment that is there already: AreTomo's NAME.aln, or IMOD's NAME.xf and NAME.tlt, of a series NAME."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import PositiveFloat

from tasks.errors import InputError
from tasks.formats.aln import Aln, read_aln
from tasks.formats.mrc import header
from tasks.formats.tlt import read_tlt
from tasks.formats.xf import read_xf
from tasks.models import Alignment, Exclusion, ImagedTiltSeries, Model, TiltAlignment, TiltImage
from tasks.tilt_series_alignment.agreement import agreement
from tasks.tilt_series_alignment.aretomo_files import read_tilts
from tasks.tilt_series_alignment.conventions import from_imod
from tasks.tilt_series_alignment.outcome import transforms_of, write_alignment
from tasks.tilt_series_alignment.stacking import ordered

_ROUNDING = 0.1
"""Degrees by which angles in files of IMOD may be rounded."""


class GivenAlignment(Model):
    """An alignment by AreTomo or IMOD that you have made; the score is how well the images agree with it."""

    tool: Literal["given"] = "given"
    folder: Path
    """Folder with NAME.aln, or NAME.xf and NAME.tlt, for each series NAME; or with a folder NAME that has them."""
    pixel_size: PositiveFloat | None = None
    """Pixel size in angstrom of the images that were aligned, if they were binned."""

    def align(self, series: ImagedTiltSeries, folder: Path) -> Alignment:
        """Read the alignment of a series; leave it in several formats in the folder."""
        images = ordered(series)
        _, rows, columns = header(images[0].micrograph.path).shape
        source = self.source(series.name)
        own = images[0].micrograph.pixel_size
        given, scale = self.pixel_size or own, own / (self.pixel_size or own)
        aln: Aln | None = None
        if source.suffix == ".aln":
            aln = _with_offset(read_aln(source), images)
            tilts, left = read_tilts(aln, _of_pixel(images, given), source)
        else:
            tilts, left = _of_imod(source, images, given, (round(rows * scale), round(columns * scale)))
        nominal = {image.tilt.name: image.tilt.angle for image in images}
        alignment = Alignment(
            tilts=tilts,
            excluded=series.excluded + left,
            tilt_axis_angle=min(tilts, key=lambda tilt: abs(tilt.angle)).axis_angle,
            score=0.0,
            tilt_offset=sum(tilt.angle - nominal[tilt.name] for tilt in tilts) / len(tilts),
            thickness=aln.thickness * given if aln and aln.thickness else None,
            transforms=transforms_of(series, folder),
            program=f"given as {source.name}",
        )
        agreed = alignment.model_copy(update={"score": min(agreement(series, alignment), 1.0)})
        # The local alignment is in pixels of the images that were aligned.
        patches = aln.patches if aln and given == own else ()
        return write_alignment(series, agreed, (rows, columns), patches)

    def source(self, name: str) -> Path:
        """Return the file with the alignment of a series."""
        found = self._find(name)
        if found is None:
            raise InputError(self.folder, f"no alignment of {name}", f"{name}.aln, or {name}.xf and {name}.tlt")
        return found

    def files(self, name: str) -> tuple[Path, ...]:
        """Return the files of which the alignment of a series is made: a change of these is one of the result."""
        source = self._find(name)
        if source is None or source.suffix == ".aln":
            return (source,) if source else ()
        return source, source.with_suffix(".tlt"), source.with_suffix(".rawtlt")

    def _find(self, name: str) -> Path | None:
        places = [self.folder / f"{name}{kind}" for kind in (".aln", ".xf")]
        places += [self.folder / name / f"{name}{kind}" for kind in (".aln", ".xf")]
        return next((place for place in places if place.is_file()), None)


def _with_offset(aln: Aln, images: Sequence[TiltImage]) -> Aln:
    """Add the tilt offset of which AreTomo2 does not tell in an .aln file: the least one that fits all rows."""
    nominal = np.array([image.tilt.angle for image in images])
    rows = np.array([row.tilt for row in aln.sections])
    if aln.alpha_offset:
        return aln
    for offset in sorted(rows[0] - nominal, key=abs):
        if (np.abs(rows[:, None] - offset - nominal).min(axis=1) < _ROUNDING).all():
            return aln.model_copy(update={"alpha_offset": float(offset)})
    return aln


def _of_pixel(images: Sequence[TiltImage], pixel_size: float) -> list[TiltImage]:
    """Return images as if they had the pixels of those that were aligned."""
    return [
        image.model_copy(update={"micrograph": image.micrograph.model_copy(update={"pixel_size": pixel_size})})
        for image in images
    ]


def _of_imod(
    source: Path, images: Sequence[TiltImage], pixel_size: float, shape: tuple[int, int]
) -> tuple[tuple[TiltAlignment, ...], tuple[Exclusion, ...]]:
    """Read transforms and angles; of fewer lines than images NAME.rawtlt tells which they are."""
    transforms, angles = read_xf(source), read_tlt(source.with_suffix(".tlt"))
    if len(transforms) != len(angles):
        raise InputError(source, f"{len(transforms)} transforms and {len(angles)} angles", "one of each for each image")
    chosen = list(images) if len(images) == len(angles) else _named(source.with_suffix(".rawtlt"), images, len(angles))
    tilts = [
        from_imod(transform, image.tilt.name, angle, pixel_size, shape)
        for image, transform, angle in zip(chosen, transforms, angles, strict=True)
    ]
    used = {tilt.name for tilt in tilts}
    left = [image.tilt.name for image in images if image.tilt.name not in used]
    excluded = tuple(Exclusion(name=name, reason=f"not in {source.name}") for name in left)
    return tuple(sorted(tilts, key=lambda tilt: tilt.angle)), excluded


def _named(raw: Path, images: Sequence[TiltImage], count: int) -> list[TiltImage]:
    """Return the images of nominal angles in a file."""
    if not raw.is_file():
        raise InputError(raw, "no such file", f"nominal angles of the {count} images that are aligned")
    nominal = read_tlt(raw)
    found = [min(images, key=lambda image: abs(image.tilt.angle - angle)) for angle in nominal]
    near = all(abs(image.tilt.angle - angle) < _ROUNDING for image, angle in zip(found, nominal, strict=True))
    if len(nominal) != count or not near or len({image.tilt.name for image in found}) != count:
        raise InputError(raw, f"angles {', '.join(map(str, nominal))}", f"those of {count} images of the series")
    return found
