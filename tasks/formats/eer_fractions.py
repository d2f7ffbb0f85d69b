"""Fractionation files of MotionCor, which say how the frames of an EER file are grouped."""

from pathlib import Path

from tasks.errors import FormatError
from tasks.models import Acquisition

_EXPECTED = "lines of frames, frames summed to one, and dose of a frame"


def read_grouping(path: Path) -> int:
    """Return how many hardware frames are summed to one frame."""
    try:
        lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    except FileNotFoundError as reason:
        raise FormatError(path, "no such file", _EXPECTED) from reason
    except UnicodeDecodeError as reason:
        raise FormatError(path, "no text", _EXPECTED) from reason
    groupings = {words[1] if len(words) > 1 else "" for words in lines}
    if len(groupings) != 1:
        raise FormatError(path, f"{len(groupings)} ways of grouping", f"{_EXPECTED}, one way for all frames")
    (grouping,) = groupings
    if not grouping.isdecimal() or int(grouping) < 1:
        raise FormatError(path, repr(grouping), f"{_EXPECTED}, at least one summed to one")
    return int(grouping)


def grouped_as(acquisition: Acquisition, fractions: Path | None) -> Acquisition:
    """Return an acquisition whose EER frames are grouped as a file says, if there is one."""
    if fractions is None:
        return acquisition
    eer = acquisition.eer.model_copy(update={"grouping": read_grouping(fractions)})
    return acquisition.model_copy(update={"eer": eer})
