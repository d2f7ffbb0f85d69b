"""Draw the pictures that ISPyB's pages show: what cannot be pictured must not hold back numbers."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from tasks.errors import CryoemError
from tasks.images.keeping import keep

_log = logging.getLogger(__name__)


def drawn(path: Path, sources: Sequence[Path], write: Callable[[Path], object]) -> Path | None:
    """Return the picture of some files, made if need be; None where it cannot be made, and the log says why."""
    try:
        return keep(path, sources, write)
    except CryoemError as reason:
        _log.warning("no picture %s: %s", path, reason)
        return None


def beside(path: Path, ending: str) -> Path:
    """Return the picture of a file as the pages ask for it: beside it, by its name without suffix."""
    return path.with_name(f"{path.stem}{ending}")
