"""Pictures beside a report, each made once of what a file holds."""

import hashlib
import re
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from struct import error as StructError  # noqa: N812 - an exception of a module of functions

from PIL import Image

from tasks.errors import CryoemError, InputError
from tasks.formats.files import replacing
from tasks.images import save_picture
from tasks.report.shown import Shown

Draw = Callable[[Path], Image.Image]

_BAD_DATA = (
    CryoemError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    AttributeError,
    StructError,
    zlib.error,
)
"""What libraries raise for files that are not what they should be."""
_KEPT = 600.0


class Album:
    """Pictures in a folder of the report.

    The name of a picture holds the date and size of its file, so that it is made anew when the file changes. At most
    ``at_once`` pictures are made, so that a report comes soon; the rest comes with the next ones.
    """

    def __init__(self, folder: Path, suffix: str, at_once: int) -> None:
        self._folder, self._suffix, self._left = folder, suffix, at_once
        self._shown: set[str] = set()

    def show(self, file: Path, name: str, draw: Draw, words: str) -> Shown:
        """Return the picture of a file; whatever is wrong with the file becomes words."""
        try:
            status = file.stat()
        except (OSError, ValueError) as reason:
            return Shown(words=f"no picture: {_words(reason)}")
        stem = f"{plain(name)}-{_digest(file, status.st_mtime_ns, status.st_size)}"
        picture, refusal = self._folder / f"{stem}{self._suffix}", self._folder / f"{stem}.txt"
        self._shown |= {picture.name, refusal.name}
        if not picture.exists() and not refusal.exists():
            if self._left <= 0:
                return Shown(words="the picture comes with a later report")
            self._left -= 1
            _draw(file, draw, picture, refusal)
        if picture.exists():
            return Shown(file=f"{self._folder.name}/{picture.name}", words=words)
        return Shown(words=refusal.read_text(errors="replace"))

    def forget(self) -> None:
        """Remove pictures that are no longer shown, but not at once: a browser may be about to ask for one."""
        old = time.time() - _KEPT
        for path in self._folder.glob("*"):
            with suppress(FileNotFoundError):
                if path.name not in self._shown and path.stat().st_mtime < old:
                    path.unlink()


def plain(name: str) -> str:
    """Return a name that is safe in any file system and address."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:60] or "unnamed"


def _draw(file: Path, draw: Draw, picture: Path, refusal: Path) -> None:
    try:
        drawn = draw(file)
    except _BAD_DATA as reason:
        with replacing(refusal) as beside:
            beside.write_text(f"no picture: {_words(reason)}")
    else:
        save_picture(picture, drawn)


def _words(reason: BaseException) -> str:
    # The page says beside it which file this is.
    found = reason.found if isinstance(reason, InputError) else reason.strerror if isinstance(reason, OSError) else None
    return found or str(reason) or type(reason).__name__


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode(errors="surrogateescape")).hexdigest()[:10]
