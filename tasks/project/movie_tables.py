"""The tables of the movies of a single-particle session, and what the project notes of each movie."""

from collections.abc import Sequence

from tasks.errors import InputError
from tasks.formats.star_text import Value, loop, table
from tasks.project.draft import Draft
from tasks.project.found import ProcessedMovie
from tasks.project.movie_rows import BLOCKS, MOVIES, kind_of, rows_of
from tasks.project.particle_files import CUT, image_columns, particle_rows
from tasks.project.register import Entry
from tasks.project.segments import segment
from tasks.project.spa_jobs import STAGES, stage_options
from tasks.project.tables import Made
from tasks.project.tilt_rows import Columns


def made_of_movie(draft: Draft, found: ProcessedMovie) -> Made:
    """Say what the project is to hold of a movie."""
    group = draft.group(kind_of(found))
    segments = {name: segment([row]) for name, row in rows_of(draft.places, found, group).items()}
    particles = found.particles
    if particles and particles.count:
        segments[CUT] = particle_rows(draft, found, particles, group)
    passed = {stage: _programs(stage, found) for stage in STAGES if _has_passed(stage, found)}
    for stage in passed:
        draft.set_up(stage, stage_options(stage, found))
    sizes = (found.image.pixel_size,) if found.image else ()
    entry = Entry(
        group=group,
        image=(*sizes, particles.pixel_size, particles.box_size) if particles and particles.count else sizes,
        work=draft.work(passed),
        stopped=_stopped(found, passed),
        failure=found.failure,
        counts=(particles.count, particles.left_out) if particles else (),
    )
    return Made(entry, segments)


def head_of(draft: Draft, name: str, columns: Sequence[str]) -> str:
    """Return what stands before the first row of a table: the optics groups, and the columns."""
    if name == CUT:
        images = {group: image_columns(draft, group) for group in range(1, len(draft.optics) + 1)}
        groups = [row | found for number, row in _groups(draft).items() if (found := images[number])]
        return table("optics", groups) + _columns("particles", columns)
    optics = "" if BLOCKS[name] == "coordinate_files" else table("optics", list(_groups(draft, name).values()))
    return optics + _columns(BLOCKS[name], columns)


def _groups(draft: Draft, name: str = "") -> dict[int, Columns]:
    """Return the optics groups of movies, or of the micrographs made of them, by their numbers."""
    sizes = {} if name == MOVIES else _pixel_sizes(draft)
    rows: dict[int, Columns] = {}
    for number, (voltage, aberration, contrast, pixel_size) in enumerate(draft.optics, 1):
        size: dict[str, Value] = {} if name == MOVIES else {"rlnMicrographPixelSize": sizes.get(number, pixel_size)}
        rows[number] = {
            "rlnOpticsGroupName": f"opticsGroup{number}",
            "rlnOpticsGroup": number,
            "rlnMicrographOriginalPixelSize": pixel_size,
            "rlnVoltage": voltage,
            "rlnSphericalAberration": aberration,
            "rlnAmplitudeContrast": contrast,
            **size,
        }
    return rows


def _pixel_sizes(draft: Draft) -> dict[int, float]:
    """Return the pixel size of the micrographs of each optics group."""
    sizes: dict[int, float] = {}
    for key, entry in draft.entries.items():
        if entry.image and sizes.setdefault(entry.group, entry.image[0]) != entry.image[0]:
            expected = f"{sizes[entry.group]:g} A as others"
            raise InputError(key, f"a micrograph of {entry.image[0]:g} A pixels", expected)
    return sizes


def _columns(block: str, columns: Sequence[str]) -> str:
    return loop(block, columns, []).rstrip("\n") + "\n"


def _has_passed(stage: str, found: ProcessedMovie) -> bool:
    if stage == "import":
        return found.summed is None
    return found.summed is not None if stage == "images" else getattr(found, stage) is not None


def _programs(stage: str, found: ProcessedMovie) -> tuple[str, ...]:
    return () if stage in {"import", "images"} else (getattr(found, stage).program,)


def _stopped(found: ProcessedMovie, passed: dict[str, tuple[str, ...]]) -> str:
    """Return the stage at which a movie has stopped for good, if it has."""
    left_out = {"import", "images"} | ({"motion"} if found.summed else set())
    left = [stage for stage in STAGES if stage not in passed and stage not in left_out]
    return left[0] if found.failure and left else ""
