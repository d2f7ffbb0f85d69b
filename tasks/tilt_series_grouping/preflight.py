"""Look at everything that a tilt series needs, before work starts."""

import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryFile

from tasks.errors import FormatError, InputError
from tasks.formats import mrc
from tasks.formats.defects import read_defects
from tasks.formats.frames import frame_shape
from tasks.formats.gain import gain_of
from tasks.formats.mrc_header import describe
from tasks.models import Exclusion, Movie, Tilt, TiltSeries
from tasks.tilt_series_grouping.exposures import MINIMUM_TILTS


def check(series: TiltSeries, folder: Path | None = None) -> TiltSeries:
    """Return the series without the tilts whose file is missing, broken or unlike the others, each with its reason.

    What concerns all tilts raises InputError: a gain reference or defects that do not fit, a folder for the results
    that cannot be written to, too few tilts that are left.
    """
    if folder is not None:
        _check_folder(folder)
    shapes, excluded = _shapes(series.tilts)
    usual = Counter(shapes.values()).most_common(1)[0][0] if shapes else None
    unlike = [
        Exclusion(name=name, reason=f"{describe(shape)} pixels; expected {describe(usual)} as most tilts have")
        for name, shape in shapes.items()
        if usual is not None and shape != usual
    ]
    left = tuple(tilt for tilt in series.tilts if shapes.get(tilt.name) == usual and tilt.name in shapes)
    problems = (*excluded, *unlike)
    if len(left) < MINIMUM_TILTS:
        reasons = "".join(f"; {problem.name}: {problem.reason}" for problem in problems[:5])
        raise InputError(
            f"tilt series {series.name}", f"{len(left)} usable tilts{reasons}", f"at least {MINIMUM_TILTS}"
        )
    _check_references(left)
    return series.model_copy(update={"tilts": left, "excluded": (*series.excluded, *problems)})


def _shapes(tilts: tuple[Tilt, ...]) -> tuple[dict[str, tuple[int, int]], list[Exclusion]]:
    """Return rows and columns of the tilts whose file is whole, and the others."""
    shapes, excluded = {}, []
    for tilt in tilts:
        try:
            shapes[tilt.name] = _shape(tilt)
        except FormatError as reason:
            excluded.append(Exclusion(name=tilt.name, reason=str(reason)))
    return shapes, excluded


def _shape(tilt: Tilt) -> tuple[int, int]:
    if isinstance(tilt.source, Movie):
        return frame_shape(tilt.source)
    planes, rows, columns = mrc.header(tilt.source.path).shape
    if tilt.source.section >= planes:
        raise FormatError(tilt.source.path, f"{planes} sections", f"a section {tilt.source.section} (counted from 0)")
    return rows, columns


def _check_references(tilts: tuple[Tilt, ...]) -> None:
    """Read the gain reference and the defects of the movies; all movies of a series share them."""
    movies = {tilt.source.acquisition: tilt.source for tilt in tilts if isinstance(tilt.source, Movie)}
    for acquisition, movie in movies.items():
        gain_of(movie)
        if acquisition.defects is not None:
            read_defects(acquisition.defects, frame_shape(movie))


def _check_folder(folder: Path) -> None:
    """Write a file to a folder, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:
            file.write(os.urandom(1))
    except OSError as reason:
        raise InputError(folder, f"cannot be written to ({reason.strerror})", "a folder for the results") from reason
