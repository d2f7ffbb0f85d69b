"""What segmentation programs write: volumes that are checked, counted and put into place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError, ResultError
from tasks.formats.mrc import header, sections, writing
from tasks.models import Tomogram
from tasks.models.segmentation import Feature


@dataclass(frozen=True)
class Counted:
    """What is labelled in a volume."""

    fraction: float
    """Share of the voxels that are labelled."""
    largest: int
    """Highest label: the number of parts, where each has its own."""


def check(tomogram: Tomogram) -> None:
    """Refuse a tomogram whose file is not what is said of it."""
    found = header(tomogram.path).shape
    if found != tomogram.shape:
        raise InputError(tomogram.path, f"{_voxels(found)} voxels", _voxels(tomogram.shape))


def accept(written: Path, target: Path, tomogram: Tomogram, program: str) -> None:
    """Move what a program wrote into place if it has the voxels of the tomogram."""
    found = header(written).shape
    if found != tomogram.shape:
        raise ResultError(
            f"{program} made {_voxels(found)} voxels of {tomogram.path}, which has {_voxels(tomogram.shape)}"
        )
    written.replace(target)


def counted(labels: Path) -> Counted:
    """Count what is labelled in a volume."""
    voxels, labelled, largest = 0, 0, 0
    for section in sections(labels):
        voxels += section.size
        labelled += int(np.count_nonzero(section > 0))
        largest = max(largest, int(section.max()))
    return Counted(labelled / voxels, largest)


def above(scores: Path, least: float, labels: Path, voxel_size: float) -> Path:
    """Label with 1 the voxels that score at least so much."""
    with writing(labels, header(scores).shape[1:], voxel_size, dtype=np.int8) as writer:
        for section in _labelled(scores, least):
            writer.write(section)
    return labels


def feature(name: str, labels: Path, scores: Path | None = None) -> Feature:
    """Return what is known of a feature whose voxels are labelled with 1."""
    return Feature(name=name, labels=labels, scores=scores, fraction=counted(labels).fraction)


def _labelled(scores: Path, least: float) -> Iterator[npt.NDArray[Any]]:
    return ((section >= least).astype(np.int8) for section in sections(scores))


def _voxels(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, reversed(shape)))
