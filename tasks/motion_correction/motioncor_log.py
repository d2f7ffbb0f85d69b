"""What MotionCor2 and MotionCor3 print of the motion they found.

They print shifts that correct a frame, in its pixels, relative to a frame of their choice: their program moves the
frame by the shift (it multiplies the transform with the phases of that), and RELION takes the shifts as its own, which
are corrections too. A displacement is minus the shift, made relative to the first frame here.
"""

import re

from tasks.errors import ResultError
from tasks.models import Shift

_NUMBER = r"([-+]?\d+\.\d+)"
_HEADERS = re.compile(r"^\s*(?:Full-frame alignment shift|Frame\s+x Shift\s+y Shift)\s*$", re.MULTILINE)
_ROW = re.compile(rf"\s*(?:\.+ Frame \(\s*)?(\d+)(?:\) shift:)?\s+{_NUMBER}\s+{_NUMBER}\s*")
_VERSION = re.compile(r"(MotionCor\d?) version (\S+)")


def read_log(text: str) -> tuple[Shift, ...]:
    """Return the global displacement of each frame in pixels, relative to the first frame.

    Versions up to 1.5 print a line of words for each frame, later ones a table.
    """
    headers = list(_HEADERS.finditer(text))
    if not headers:
        raise ResultError(f"MotionCor printed no full-frame alignment; it last said:\n{text[-500:].strip()}")
    shifts: list[Shift] = []
    for line in text[headers[-1].end() :].lstrip("\n").splitlines():
        row = _ROW.fullmatch(line)
        if not row:
            break
        if int(row[1]) != len(shifts) + 1:
            raise ResultError(
                f"MotionCor's shifts skip a frame: expected frame {len(shifts) + 1}, found {line.strip()!r}"
            )
        shifts.append((float(row[2]), float(row[3])))
    if not shifts:
        raise ResultError("MotionCor printed no shifts below the heading of its full-frame alignment")
    first_x, first_y = shifts[0]
    return tuple((first_x - x, first_y - y) for x, y in shifts)


def read_version(text: str) -> str:
    """Return name and version of the program from what it prints for --version."""
    found = _VERSION.search(text)
    if not found:
        raise ResultError(f"no version of MotionCor in {text.strip()[:200]!r}")
    return f"{found[1]} {found[2]}"
