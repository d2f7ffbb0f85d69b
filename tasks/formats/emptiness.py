"""Images that programs leave although they have failed: of one value, or of none."""

from pathlib import Path

import numpy as np

from tasks.errors import CommandError
from tasks.formats.mrc import mapped

_LOOKED_AT = 5


def refuse_empty(path: Path, program: str) -> None:
    """Raise CommandError if the sections in the middle of an image or a volume hold nothing.

    Programs end well and write black images when a GPU has too little memory, or now and then for no known reason: the
    next try may do better.
    """
    volume = mapped(path)
    middle = len(volume) // 2
    looked_at = np.asarray(volume[max(middle - _LOOKED_AT // 2, 0) : middle + _LOOKED_AT // 2 + 1], np.float32)
    lowest, highest = float(looked_at.min()), float(looked_at.max())
    if not np.isfinite(lowest + highest):
        raise CommandError(f"{program} ended well, but {path.name} holds values which are not finite")
    if lowest == highest:
        raise CommandError(f"{program} ended well, but {path.name} holds nothing but {lowest:g}")
