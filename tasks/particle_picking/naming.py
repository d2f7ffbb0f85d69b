"""Name the files of a micrograph."""

from tasks.models import Micrograph


def name_of(micrograph: Micrograph) -> str:
    """Return a name that the sections of a stack do not share."""
    return f"{micrograph.path.stem}_section{micrograph.section:03d}" if micrograph.section else micrograph.path.stem
