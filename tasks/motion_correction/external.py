"""What all programs that correct motion share: their inputs are looked at, and what they found is told in our terms."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.errors import CommandError, ResultError
from tasks.formats.emptiness import refuse_empty
from tasks.formats.frames import frame_count
from tasks.models import Micrograph, Motion, Movie
from tasks.motion_correction.metadata import MotionTable, write_motion
from tasks.motion_correction.path_length import check_steps, path_lengths


@contextmanager
def scratch_of(movie: Movie, folder: Path) -> Iterator[Path]:
    """Keep what a program writes of a movie in a folder of its own until all of it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{movie.path.stem}.") as name:
        yield Path(name)


def take(source: Path, target: Path, program: str) -> Path:
    """Move an image that a program should have written to its place."""
    if not source.is_file():
        raise CommandError(f"{program} ended well but did not write {source.name}")
    refuse_empty(source, program)
    return source.replace(target)


def check_frames(movie: Movie, found: int, left_out: int, program: str) -> None:
    """Refuse motion of another number of frames than those of the movie that are used."""
    expected = frame_count(movie) - left_out
    if found != expected:
        raise ResultError(f"{movie.path.name}: {program} aligned {found} frames; expected {expected}")


def report(movie: Movie, micrograph: Micrograph, table: MotionTable, program: str, largest_step: float) -> Motion:
    """Say what a program found; refuse a step from frame to frame that is larger (in angstrom) than is believable."""
    pixel_size = movie.acquisition.pixel_size
    displacements = tuple((x * pixel_size, y * pixel_size) for x, y in table.displacements)
    check_steps(movie, displacements, largest_step)
    early, late = path_lengths(displacements, movie.acquisition.dose_per_frame)
    path = micrograph.path.with_suffix(".star")
    write_motion(path, movie, table)
    return Motion(
        micrograph=micrograph,
        displacements=displacements,
        local_coefficients=table.coefficients,
        early=early,
        late=late,
        hot_pixels=len(table.bad_pixels),
        metadata=path,
        program=program,
    )
