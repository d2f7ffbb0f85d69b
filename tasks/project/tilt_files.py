"""The star files of the tilts of a series, one for each job."""

from tasks.formats.star_text import table
from tasks.project.draft import Draft
from tasks.project.found import ProcessedTiltSeries
from tasks.project.places import word
from tasks.project.tilt_rows import tilt_rows
from tasks.project.tilt_stages import listed, passed
from tasks.project.tomography_jobs import JOBS
from tasks.project.writing import write_text


def write_tilts(draft: Draft, found: ProcessedTiltSeries) -> dict[str, str]:
    """Write the tilts of a series for every job that it has passed; return the files by the stages."""
    name = word(found.series.name)
    files = {stage: f"{JOBS[stage].folder}/tilt_series/{name}.star" for stage in passed(found)}
    tilts = tilt_rows(draft.places, found)
    for stage, star in files.items():
        write_text(draft.project / star, table(name, listed(tilts, stage, bool(found.ctfs))))
    return files
