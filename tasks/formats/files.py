"""Write files whole or not at all."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; move it into place when the block ends well, remove it otherwise.

    The suffix stays, for libraries that choose the format by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{uuid4().hex[:8]}{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def leftovers(path: Path) -> list[Path]:
    """Return what those who died while writing ``path`` have left beside it.

    These are files of ``replacing``, and scratch folders of a like name: TemporaryDirectory with the prefix
    ``.{path.stem}.`` in the folder of the path.
    """
    name = re.compile(rf"\.{re.escape(path.stem)}\.[0-9a-z_]{{8}}({re.escape(path.suffix)})?")
    return [found for found in path.parent.iterdir() if name.fullmatch(found.name)]
