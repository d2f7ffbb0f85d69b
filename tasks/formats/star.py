"""STAR files, as RELION reads and writes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import starfile

from tasks.errors import FormatError
from tasks.formats.files import replacing

Block = pd.DataFrame | dict[str, Any]
"""A loop (a table), or a list of names with one value each."""

_KIND = "a STAR file"


def read_star(path: Path) -> dict[str, Block]:
    """Read all blocks of a file by their names (without ``data_``)."""
    _look(path)
    try:
        blocks: dict[str, Block] = starfile.read(path, always_dict=True)
    except (ValueError, IndexError, KeyError) as reason:
        raise FormatError(path, f"cannot be read ({reason})", _KIND) from reason
    return blocks


def _look(path: Path) -> None:
    """Refuse what has no data block; large files are read as far as the first one only."""
    if not path.is_file():
        raise FormatError(path, "no such file", _KIND)
    with path.open(errors="replace") as file:
        if not any(line.lstrip().startswith("data_") for line in file):
            raise FormatError(path, "no data block" if path.stat().st_size else "empty", _KIND)


def read_table(path: Path, name: str) -> pd.DataFrame:
    """Read one block of a file as a table, also if it lists one value per name."""
    blocks = read_star(path)
    if name not in blocks:
        raise FormatError(path, f"blocks {', '.join(blocks)}", f"a block data_{name}")
    block = blocks[name]
    return block if isinstance(block, pd.DataFrame) else pd.DataFrame([block])


def write_star(path: Path, blocks: Mapping[str, Block]) -> None:
    """Write named blocks, whole or not at all."""
    with replacing(path) as beside:
        starfile.write(dict(blocks), beside, float_format="%.9g")
