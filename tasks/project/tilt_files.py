"""The star files of the tilts of a series, one for each job; those of a series without news are left as they are."""

import hashlib
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tasks.formats.star_text import table
from tasks.project.found import ProcessedTiltSeries
from tasks.project.places import Places, word
from tasks.project.tilt_rows import TiltRow, tilt_rows
from tasks.project.tilt_stages import listed, passed
from tasks.project.tomography_jobs import JOBS
from tasks.project.writing import write_text


def write_tilts(project: Path, places: Places, found: ProcessedTiltSeries) -> dict[str, str]:
    """Write the tilts of a series for every job that it has passed; return the files by the stages."""
    name = word(found.series.name)
    files = {stage: f"{JOBS[stage].folder}/tilt_series/{name}.star" for stage in passed(found)}
    record = project / JOBS["import"].folder / "tilt_series" / f".{name}.txt"
    digest = hashlib.sha256(f"{version('cryoem-flows')} {found.model_dump_json()}".encode()).hexdigest()
    if _is_up_to_date(project, record, digest, list(files.values())):
        return files
    tilts = tilt_rows(project, places, found)
    for stage, star in files.items():
        write_text(project / star, table(name, listed(tilts, stage, bool(found.ctfs))))
    write_text(record, f"{digest}\n{_folder(tilts)}\n")
    return files


def _is_up_to_date(project: Path, record: Path, digest: str, files: Sequence[str]) -> bool:
    """Tell whether the files were made of the same values, and nobody has cleaned them or their links away."""
    if not record.exists():
        return False
    known, folder = record.read_text().splitlines()
    is_linked = os.path.lexists(project / folder)
    return known == digest and is_linked and all((project / file).exists() for file in files)


def _folder(tilts: Sequence[TiltRow]) -> str:
    """Return the folder of the images in the project, by which is seen whether the links are there."""
    columns = (tilts[0].moved or tilts[0].imported) if tilts else {}
    names = [str(value) for name, value in columns.items() if name.startswith("rlnMicrograph") and "/" in str(value)]
    return str(Path(names[0].split("@")[-1]).parent) if names else "."
