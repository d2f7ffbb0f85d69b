"""What AreTomo3 wants to know of a movie, and what it writes of its motion."""

from pathlib import Path

from tasks.errors import ResultError
from tasks.models import Movie, Shift

MDOC = Path("movie.mdoc")
"""The file that is named to AreTomo3; the movie must be beside it."""
OUTPUT = Path("out/movie")
"""What the names of its output begin with."""
_COLUMNS = 6
"""Number of the frame (from 0) and of the image, tilt angle, pixel size, and the shift in x and y in pixels."""


def prepare(movie: Movie, scratch: Path) -> None:
    """Link the movie, and describe it as the only image of a series; AreTomo3 takes short names only."""
    (scratch / OUTPUT.parent).mkdir()
    link = f"movie{movie.path.suffix.lower()}"
    (scratch / link).symlink_to(movie.path.resolve())
    # Far from a tilt of 0 degree it does not correct local motion.
    section = ["[ZValue = 0]", "TiltAngle = 0.0", f"SubFramePath = {link}"]
    head = [f"PixelSpacing = {movie.acquisition.pixel_size:.6g}", f"Voltage = {movie.acquisition.voltage:.6g}"]
    (scratch / MDOC).write_text("\n".join([*head, "", *section, ""]))


def read_shifts(scratch: Path) -> tuple[Shift, ...]:
    """Return the global displacement of each frame in pixels, relative to the first frame.

    AreTomo3 writes shifts that correct a frame: minus the displacement.
    """
    logs = list((scratch / OUTPUT.parent).glob("*_Log/*_MC_GL.csv"))
    if len(logs) != 1:
        raise ResultError(f"AreTomo3 wrote {len(logs)} logs of global motion; expected one, _Log/..._MC_GL.csv")
    lines = [line for line in logs[0].read_text().splitlines() if line.strip() and not line.startswith("#")]
    shifts: list[Shift] = []
    for number, line in enumerate(lines):
        words = line.replace(",", " ").split()
        if len(words) != _COLUMNS or int(words[0]) != number:
            raise ResultError(f"AreTomo3's log of global motion: {line.strip()!r}; expected frame {number}")
        shifts.append((float(words[4]), float(words[5])))
    if not shifts:
        raise ResultError("AreTomo3's log of global motion is empty")
    first_x, first_y = shifts[0]
    return tuple((first_x - x, first_y - y) for x, y in shifts)
