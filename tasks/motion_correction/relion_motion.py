"""What RELION writes of the motion that it found."""

from pathlib import Path

from tasks.errors import ResultError
from tasks.formats.frames import frame_count, frame_shape
from tasks.formats.star_rows import Loop, read_loops
from tasks.models import Movie
from tasks.motion_correction.metadata import MotionTable

_NOT_OBSERVED = -9999.0
"""Stands for the shift of a frame that was left out."""
_COEFFICIENTS = 36


def read_motion(path: Path, movie: Movie, binning: float) -> MotionTable:
    """Read a movie's star file; shifts there are corrections: minus the displacement."""
    loops = read_loops(path)
    numbers, shifts = _observed(path, loops["global_shift"])
    first_x, first_y = shifts[0]
    return MotionTable(
        shape=(frame_count(movie), *frame_shape(movie)),
        binning=binning,
        first_frame=numbers[0],
        displacements=tuple((first_x - x, first_y - y) for x, y in shifts),
        coefficients=_coefficients(path, loops, binning),
        patch_shifts=tuple(_patch(row) for row in loops["local_shift"].rows) if "local_shift" in loops else (),
        bad_pixels=tuple(_pixel(row) for row in loops["hot_pixels"].rows) if "hot_pixels" in loops else (),
    )


def _observed(path: Path, table: Loop) -> tuple[list[int], list[tuple[float, float]]]:
    """Return numbers and shifts of the frames that were used, which follow one another."""
    columns = (table.column(f"rlnMicrograph{name}") for name in ("FrameNumber", "ShiftX", "ShiftY"))
    rows = [(int(number), float(x), float(y)) for number, x, y in zip(*columns, strict=True)]
    used = [row for row in rows if _NOT_OBSERVED not in row[1:]]
    numbers = [number for number, _, _ in used]
    if not used or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise ResultError(f"{path.name}: RELION aligned the frames {numbers}, which do not follow one another")
    return numbers, [(x, y) for _, x, y in used]


def _coefficients(path: Path, loops: dict[str, Loop], binning: float) -> tuple[float, ...]:
    """Return the local model in pixels of the frames; RELION's is in those of the binned image, unlike its shifts."""
    if "local_motion_model" not in loops:
        return ()
    found = [float(value) * binning for value in loops["local_motion_model"].column("rlnMotionModelCoeff")]
    if len(found) != _COEFFICIENTS:
        raise ResultError(f"{path.name}: {len(found)} coefficients of local motion; expected {_COEFFICIENTS}")
    return tuple(found)


def _patch(row: str) -> tuple[int, float, float, float, float]:
    number, x, y, along_x, along_y = (float(word) for word in row.split())
    return int(number), x, y, along_x, along_y


def _pixel(row: str) -> tuple[int, int]:
    x, y = (round(float(word)) for word in row.split())
    return x, y
