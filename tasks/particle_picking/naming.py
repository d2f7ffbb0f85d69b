"""Name the files of a micrograph."""

from pathlib import Path

from tasks.models import Micrograph


def name_of(micrograph: Micrograph) -> str:
    """Return a name that the sections of a stack do not share."""
    return f"{micrograph.path.stem}_section{micrograph.section:03d}" if micrograph.section else micrograph.path.stem


def coordinates_of(micrograph: Micrograph, folder: Path) -> Path:
    """Return where the coordinates of a micrograph are kept, under the name that RELION's autopick gives."""
    return folder / f"{name_of(micrograph)}_autopick.star"
