"""A RELION 5 tomography project: from the movies of tilt series to denoised tomograms."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from tasks.errors import InputError
from tasks.formats.star_text import table
from tasks.models import Tomogram
from tasks.project.found import ProcessedTiltSeries
from tasks.project.job import claim, finish
from tasks.project.places import Places, link, word
from tasks.project.settings import unbinned_size
from tasks.project.tilt_files import write_tilts
from tasks.project.tilt_rows import Columns
from tasks.project.tilt_stages import CHOSEN, STAGES, common
from tasks.project.tomography_jobs import JOBS, LAST_NUMBER, image_pixel_size, outcomes, pixel_size
from tasks.project.writing import write_text

Hand = Literal[-1, 1]


def write_tomography_project(
    folder: Path, session_name: str, series: Sequence[ProcessedTiltSeries], hand: Hand = -1
) -> None:
    """Write what was found of the tilt series of a session as a project that RELION 5 opens.

    Written again, it brings the project up to date; jobs that others have added stay. ``hand`` is rlnTomoHand: the
    sign with which a point that is higher in the projection has a larger defocus.
    """
    _check_names(found.series.name for found in series)
    claim(folder)
    places, groups = Places(folder), _optics_groups(series)
    tables: dict[str, list[Columns]] = {stage: [] for stage in STAGES}
    for found in series:
        known = _series_columns(found, groups, hand)
        for stage, star in write_tilts(folder, places, found).items():
            tables[stage].append(_row(folder, stage, found, known, star))
    for stage, rows in tables.items():
        if rows:
            write_text(folder / JOBS[stage].output, table("global", common(rows)))
    finish(folder, session_name, outcomes(series), LAST_NUMBER)


def _check_names(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if word(name) in seen:
            raise InputError(f"tilt series {name}", f"another one is {seen[word(name)]}", "names that differ in RELION")
        seen[word(name)] = name


def _optics_groups(series: Sequence[ProcessedTiltSeries]) -> dict[tuple[float, ...], str]:
    """Name the kinds of imaging conditions, in the order in which they occur."""
    kinds = dict.fromkeys(_conditions(found) for found in series)
    return {kind: f"optics{number}" for number, kind in enumerate(kinds, 1)}


def _conditions(found: ProcessedTiltSeries) -> tuple[float, ...]:
    optics = found.series.optics
    return optics.voltage, optics.spherical_aberration, optics.amplitude_contrast, pixel_size(found)


def _series_columns(found: ProcessedTiltSeries, groups: dict[tuple[float, ...], str], hand: Hand) -> Columns:
    voltage, aberration, contrast, size = _conditions(found)
    return {
        "rlnVoltage": voltage,
        "rlnSphericalAberration": aberration,
        "rlnAmplitudeContrast": contrast,
        "rlnMicrographOriginalPixelSize": size,
        "rlnTomoHand": hand,
        "rlnOpticsGroupName": groups[_conditions(found)],
    }


def _row(folder: Path, stage: str, found: ProcessedTiltSeries, known: Columns, star: str) -> Columns:
    name: Columns = {"rlnTomoName": word(found.series.name)}
    file: Columns = {"rlnTomoTiltSeriesStarFile": star}
    size: Columns = {"rlnTomoTiltSeriesPixelSize": image_pixel_size(found)}
    if stage == "import" and found.series.movies:
        return name | file | known
    if stage not in CHOSEN:
        return name | file | known | size
    tomogram = found.tomogram if stage in {"tomograms", "denoise"} else None
    volume = _volume(folder, found, tomogram, stage) if tomogram else {}
    return name | known | size | file | volume


def _volume(folder: Path, found: ProcessedTiltSeries, tomogram: Tomogram, stage: str) -> Columns:
    depth, height, width = unbinned_size(tomogram, image_pixel_size(found))
    columns: Columns = {
        "rlnTomoTomogramBinning": tomogram.voxel_size / image_pixel_size(found),
        "rlnTomoSizeX": width,
        "rlnTomoSizeY": height,
        "rlnTomoSizeZ": depth,
    }
    name = f"rec_{word(found.series.name)}"
    files = {
        "": (tomogram.path, name),
        "Half1": (tomogram.even, f"{name}_half1"),
        "Half2": (tomogram.odd, f"{name}_half2"),
    }
    for kind, (file, place) in files.items():
        if file:
            columns[f"rlnTomoReconstructedTomogram{kind}"] = _linked(folder, JOBS["tomograms"].folder, place, file)
    if stage == "denoise" and found.denoised:
        place = _linked(folder, JOBS["denoise"].folder, name, found.denoised.path)
        columns["rlnTomoReconstructedTomogramDenoised"] = place
    return columns


def _linked(folder: Path, job: str, name: str, file: Path) -> str:
    place = f"{job}/tomograms/{name}{file.suffix}"
    link(folder / place, file)
    return place
