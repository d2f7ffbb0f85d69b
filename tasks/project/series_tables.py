"""The tables of the tilt series of a session, and what the project notes of each series."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tasks.formats.star_text import loop
from tasks.models import Tomogram
from tasks.project.draft import Draft
from tasks.project.found import ProcessedTiltSeries
from tasks.project.places import word
from tasks.project.register import Columns, Entry
from tasks.project.segments import segment
from tasks.project.settings import unbinned_size
from tasks.project.tables import Made
from tasks.project.tilt_files import write_tilts
from tasks.project.tilt_stages import CHOSEN, failed, passed
from tasks.project.tomography_jobs import JOBS, image_pixel_size, left_out, pixel_size, programs_of, stage_options

Hand = Literal[-1, 1]


def made_of_series(hand: Hand, draft: Draft, found: ProcessedTiltSeries) -> Made:
    """Write the tilts of a series, and say what the project is to hold of it."""
    known, files = _series_columns(draft, found, hand), write_tilts(draft, found)
    segments = {JOBS[stage].output: segment([_row(draft, stage, found, known, star)]) for stage, star in files.items()}
    given = ""
    for stage in passed(found):
        draft.set_up(stage, stage_options(stage, found, given))
        given = JOBS[stage].output
    entry = Entry(
        name=found.series.name,
        work=draft.work({stage: programs_of(stage, found) for stage in passed(found)}),
        files=tuple(files.values()),
        stopped=failed(found) or "",
        failure=found.failure,
        notes=tuple(left_out(found)) if found.alignment else (),
    )
    return Made(entry, segments)


def head_of(_draft: Draft, _name: str, columns: Sequence[str]) -> str:
    """Return what stands before the first row of a table."""
    return loop("global", columns, []).rstrip("\n") + "\n"


def _series_columns(draft: Draft, found: ProcessedTiltSeries, hand: Hand) -> Columns:
    optics, size = found.series.optics, pixel_size(found)
    kind = (optics.voltage, optics.spherical_aberration, optics.amplitude_contrast, size)
    return {
        "rlnVoltage": optics.voltage,
        "rlnSphericalAberration": optics.spherical_aberration,
        "rlnAmplitudeContrast": optics.amplitude_contrast,
        "rlnMicrographOriginalPixelSize": size,
        "rlnTomoHand": hand,
        "rlnOpticsGroupName": f"optics{draft.group(kind)}",
    }


def _row(draft: Draft, stage: str, found: ProcessedTiltSeries, known: Columns, star: str) -> Columns:
    name: Columns = {"rlnTomoName": word(found.series.name)}
    file: Columns = {"rlnTomoTiltSeriesStarFile": star}
    size: Columns = {"rlnTomoTiltSeriesPixelSize": image_pixel_size(found)}
    if stage == "import" and found.series.movies:
        return name | file | known
    if stage not in CHOSEN:
        return name | file | known | size
    tomogram = found.tomogram if stage in {"tomograms", "denoise"} else None
    volume = _volume(draft, found, tomogram, stage) if tomogram else {}
    return name | known | size | file | volume


def _volume(draft: Draft, found: ProcessedTiltSeries, tomogram: Tomogram, stage: str) -> Columns:
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
            columns[f"rlnTomoReconstructedTomogram{kind}"] = _linked(draft, JOBS["tomograms"].folder, place, file)
    if stage == "denoise" and found.denoised:
        place = _linked(draft, JOBS["denoise"].folder, name, found.denoised.path)
        columns["rlnTomoReconstructedTomogramDenoised"] = place
    return columns


def _linked(draft: Draft, job: str, name: str, file: Path) -> str:
    return draft.places.link(f"{job}/tomograms/{name}{file.suffix}", file)
