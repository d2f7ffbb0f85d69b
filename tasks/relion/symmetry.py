"""Point groups, and how RELION turns a map to the axes of one and applies it."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from tasks.relion.computing import Computing
from tasks.relion.job import Job
from tasks.relion.version import GRADIENT, RelionVersion

_WORKING_BOX = 64


def _point_group(name: str) -> str:
    group = name.upper()
    if not re.fullmatch(r"C[1-9]\d*|D[1-9]\d*|T|TH|TD|O|OH|I[1-5]?H?", group):
        message = f"{name} is no point group; expected C1, C2 ..., D2 ..., T, O or I"
        raise ValueError(message)
    return group


PointGroup = Annotated[str, AfterValidator(_point_group)]
"""Symmetry: C1, C2 ..., D2 ..., T, O or I."""


def symmetrising(  # noqa: PLR0913, PLR0917 - two files, one group, and where it is done
    source: Path, target: Path, group: str, box_size: int, version: RelionVersion, job: Job
) -> list[tuple[list[str], str]]:
    """Return the commands that turn a map to the axes of a point group and apply it, each with the file it writes."""
    align = ["relion_align_symmetry", "--i", job.name(source), "--sym", group]
    # RELION's own working box is 64, and it refuses to work in one larger than the map.
    working = min(_WORKING_BOX, box_size // 2 * 2)
    if version >= GRADIENT:
        return [([*align, "--o", job.name(target), "--box_size", str(working), "--apply_sym"], target.name)]
    turned = turned_path(target)
    apply = ["relion_image_handler", "--i", job.name(turned), "--o", job.name(target), "--sym", group]
    return [
        ([*align, "--o", job.name(turned), "--box_size", str(working)], turned.name),
        (apply, target.name),
    ]


def turned_path(target: Path) -> Path:
    """Return where the map is kept that was turned to the axes but not symmetrised, where that takes two steps."""
    return target.with_name(f"{target.stem}_turned.mrc")


def symmetrise(  # noqa: PLR0913, PLR0917
    source: Path, target: Path, group: str, box_size: int, version: RelionVersion, job: Job
) -> None:
    """Turn a map to the axes of a point group and apply it."""
    for number, (command, output) in enumerate(symmetrising(source, target, group, box_size, version, job), 1):
        job.run(command, Computing(), [output], log=f"symmetry_{group}_{number}.out")
