"""A point group that is known: the density is turned to its axes, and it is applied."""

from pathlib import Path
from typing import Literal

from pydantic import PositiveFloat

from tasks.models import Executable, Model
from tasks.models.maps import FoundSymmetry, Map
from tasks.relion.job import open_job
from tasks.relion.symmetry import PointGroup, symmetrise
from tasks.relion.version import relion_version


class GivenSymmetry(Model):
    """A point group that the user gives."""

    tool: Literal["given"] = "given"
    group: PointGroup = "C1"
    """Point group: C1 for none."""
    executable: Executable = "relion_align_symmetry"

    def version(self) -> str:
        """Return name and version of the program."""
        return relion_version(self.executable).program

    def find(self, density: Map, _diameter: PositiveFloat, folder: Path) -> FoundSymmetry:
        """Turn a density to the axes of the group and apply it, unless that was done; files go to a folder."""
        why = f"{self.group}, as given"
        if self.group in {"C1", density.symmetry}:
            turned = density.model_copy(update={"symmetry": self.group})
            return FoundSymmetry(map=turned, scores=(), why=why, program="given")
        version, job = relion_version(self.executable), open_job(folder)
        target = job.file(f"symmetry_{self.group}.mrc")
        symmetrise(density.path, target, self.group, density.box_size, version, job)
        update = {"path": target, "symmetry": self.group, "halves": None}
        return FoundSymmetry(map=density.model_copy(update=update), scores=(), why=why, program=version.program)
