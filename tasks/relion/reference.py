"""References, which RELION wants in the voxels and the box of the particles."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tasks.errors import InputError
from tasks.formats.mrc import header
from tasks.formats.star import write_star
from tasks.models import ParticleSet
from tasks.models.maps import Map
from tasks.relion.computing import Computing
from tasks.relion.job import Job

_TOLERANCE = 1e-3


def fitted(reference: Map, particles: ParticleSet, job: Job) -> Path:
    """Return a reference in the voxels and the box of the particles, scaled if it is not."""
    if not reference.path.is_file():
        raise InputError(reference.path, "no such file", "a reference")
    shape = header(reference.path).shape
    if len(set(shape)) != 1 or shape[0] != reference.box_size:
        raise InputError(reference.path, f"{shape} voxels", f"a cube of {reference.box_size} voxels")
    is_scaled = abs(reference.pixel_size / particles.pixel_size - 1) < _TOLERANCE
    if is_scaled and reference.box_size == particles.box_size:
        return reference.path
    path = job.file(f"reference_{reference.path.stem}.mrc")
    job.run(scaling(reference, particles, path, job), Computing(), [path.name], log=f"{path.stem}.out")
    return path


def require_mask(mask: Path | None, particles: ParticleSet) -> None:
    """Refuse a mask that is not there, or not in the voxels of the particles."""
    if mask is None:
        return
    if not mask.is_file():
        raise InputError(mask, "no such file", "a mask")
    shape = header(mask).shape
    if shape != (particles.box_size,) * 3:
        raise InputError(mask, f"{shape} voxels", f"a cube of {particles.box_size} voxels, as the particles")


def scaling(reference: Map, particles: ParticleSet, path: Path, job: Job) -> list[str]:
    """Return the command that scales a reference to particles."""
    words = ["relion_image_handler", "--i", job.name(reference.path), "--o", job.name(path)]
    words += ["--angpix", f"{reference.pixel_size:.6g}", "--rescale_angpix", f"{particles.pixel_size:.6g}"]
    words += ["--force_header_angpix", f"{particles.pixel_size:.6g}", "--new_box", str(particles.box_size)]
    return words


def write_references(paths: Sequence[Path], job: Job) -> Path:
    """Return what RELION is given as reference: the map itself, or a STAR file of several."""
    if len(paths) == 1:
        return paths[0]
    star = job.file("references.star")
    write_star(star, {"": pd.DataFrame({"rlnReferenceImage": [job.name(path) for path in paths]})})
    return star
