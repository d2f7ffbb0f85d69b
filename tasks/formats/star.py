"""STAR files, as RELION reads and writes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import starfile

from tasks.errors import FormatError
from tasks.formats.files import replacing
from tasks.formats.text import read_lines

Block = pd.DataFrame | dict[str, Any]
"""A loop (a table), or a list of names with one value each."""

_KIND = "a STAR file"


def read_star(path: Path) -> dict[str, Block]:
    """Read all blocks of a file by their names (without ``data_``)."""
    if not any(line.lstrip().startswith("data_") for line in read_lines(path, _KIND)):
        raise FormatError(path, "no data block", _KIND)
    try:
        blocks: dict[str, Block] = starfile.read(path, always_dict=True)
    except (ValueError, IndexError, KeyError) as reason:
        raise FormatError(path, f"cannot be read ({reason})", _KIND) from reason
    return blocks


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
