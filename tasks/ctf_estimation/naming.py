"""Name the files of a micrograph."""

from pathlib import Path

from tasks.models import Micrograph


def name_of(micrograph: Micrograph) -> str:
    """Return a name that the sections of a stack do not share."""
    return f"{micrograph.path.stem}_section{micrograph.section:03d}" if micrograph.section else micrograph.path.stem


def image_of(micrograph: Micrograph) -> Path:
    """Return the file that shows Thon rings best: the one without dose weighting, if there is one."""
    return micrograph.unweighted or micrograph.path
