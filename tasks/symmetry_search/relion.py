"""Find the point group of a density: RELION turns it to the axes of each and applies it, and we see what remains."""

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, PositiveFloat

from tasks.formats.mrc import read_volume
from tasks.models import Executable, Model
from tasks.models.maps import FoundSymmetry, Map, SymmetryScore
from tasks.relion.job import Job, open_job
from tasks.relion.symmetry import PointGroup, symmetrise, turned_path
from tasks.relion.version import OLDEST, relion_version
from tasks.symmetry_search.agreement import Curve, agreement, operations, signal_share

_DETAILS = 9
"""Details across the particle that have to be told apart: coarse shapes look more symmetric than they are."""
_COARSEST = 0.4
"""Of the diameter of the particle: coarser detail looks alike from all sides."""


class RelionSymmetrySearch(Model):
    """Symmetry search with RELION's relion_align_symmetry and relion_image_handler."""

    tool: Literal["relion"] = "relion"
    executable: Executable = "relion_align_symmetry"
    groups: tuple[PointGroup, ...] = ("C2", "C3", "C4", "C5", "C6", "C7", "C8", "D2", "D3", "D4", "D5", "T", "O", "I")
    """Point groups to try."""
    least_agreement: float = Field(default=0.6, gt=0, lt=1)
    """Agreement from which on a density is said to have a symmetry."""

    def version(self) -> str:
        """Return name and version of the program."""
        return relion_version(self.executable).program

    def find(self, density: Map, diameter: PositiveFloat, folder: Path) -> FoundSymmetry:
        """Find the symmetry of a density of a particle of a diameter in angstrom; files are written to a folder."""
        signal = signal_share(density, _COARSEST * diameter)
        version = relion_version(self.executable)
        job = open_job(folder)
        finest = density.box_size * density.pixel_size / np.flatnonzero(signal)[-1]
        if finest > diameter / _DETAILS:
            why = f"unknown: signal ends at {finest:.1f} angstrom; a particle of {diameter:.0f} shows its shape only"
            return FoundSymmetry(map=density, scores=(), why=why, program=version.program)
        scores = tuple(self._try(group, density, signal, job) for group in self.groups)
        able = [item for item in scores if item.agreement >= self.least_agreement]
        found = max(able, key=lambda item: operations(item.group), default=None)
        if found is None:
            best = max(scores, key=lambda item: item.agreement)
            why = f"no symmetry: copies under {best.group} agree best, by {best.agreement:.2f}"
            return FoundSymmetry(map=density, scores=scores, why=why, program=version.program)
        update = {"path": _symmetrised(found.group, job), "symmetry": found.group, "halves": None}
        why = f"{found.group} is the largest group whose copies agree, by {found.agreement:.2f}"
        turned = density.model_copy(update=update)
        return FoundSymmetry(map=turned, scores=scores, why=why, program=version.program)

    @staticmethod
    def _try(group: str, density: Map, signal: Curve, job: Job) -> SymmetryScore:
        target = _symmetrised(group, job)
        # In two steps whatever the version: the turned density is what the symmetrised one is compared with.
        symmetrise(density.path, target, group, density.box_size, OLDEST, job)
        found = agreement(read_volume(turned_path(target)), read_volume(target), group, signal)
        return SymmetryScore(group=group, agreement=round(found, 4))


def _symmetrised(group: str, job: Job) -> Path:
    return job.file(f"symmetry_{group}.mrc")
