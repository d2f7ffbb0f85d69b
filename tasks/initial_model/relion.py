"""Initial models by RELION: stochastic gradient descent, or from RELION 4 on the gradient algorithm VDAM."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import PositiveFloat, PositiveInt

from tasks.command import Flag
from tasks.models import ParticleSet
from tasks.models.maps import Class3D, InitialModel, Map
from tasks.relion.evidence import best_class
from tasks.relion.iterations import drop_earlier
from tasks.relion.job import Job, open_job
from tasks.relion.parameters import RelionParameters, require_particles
from tasks.relion.results import read_maps, require_signal
from tasks.relion.symmetry import PointGroup, symmetrise
from tasks.relion.version import BLUSH, GRADIENT, RelionVersion, relion_version

_FEWEST = 50


class RelionInitialModel(RelionParameters):
    """Initial models by RELION."""

    tool: Literal["relion"] = "relion"
    classes: Annotated[PositiveInt, Flag("--K")] = 1
    """Number of densities."""
    iterations: PositiveInt = 200
    """Mini-batches: the first and the last sixth of them at low and at high resolution."""
    symmetry: PointGroup = "C1"
    """Point group; it is applied at the end, as descent works better without."""
    healpix_order: Annotated[int, Flag("--healpix_order")] = 1
    """Sampling of angles before oversampling: 1 is 30 degree, 2 is 15 degree."""
    offset_range: Annotated[PositiveFloat, Flag("--offset_range")] = 6.0
    """Largest shift that is tried in pixels."""
    offset_step: Annotated[PositiveFloat, Flag("--offset_step")] = 2.0
    """Step of the shifts in pixels, before oversampling."""
    initial_resolution: PositiveFloat = 35.0
    """Resolution at the start in angstrom (of RELION 3)."""
    final_resolution: PositiveFloat = 15.0
    """Resolution at the end in angstrom (of RELION 3)."""
    initial_subset: PositiveInt = 100
    """Particles of the first mini-batches (of RELION 3)."""
    final_subset: PositiveInt = 500
    """Particles of the last mini-batches (of RELION 3)."""
    tau_fudge: PositiveFloat = 4.0
    """Weight of the data against smoothness (of RELION 4 and later)."""
    blush: bool = False
    """Let a neural network smooth the density: needs RELION 5 and a GPU."""

    def find(self, particles: ParticleSet, folder: Path) -> InitialModel:
        """Find densities from particles alone and write RELION's files to a folder."""
        require_particles(particles, _FEWEST, "an initial model")
        version = relion_version(self.executable)
        job = open_job(folder, particles)
        stem = f"run_it{self.iterations:03d}"
        maps = [f"{stem}_class{number:03d}.mrc" for number in range(1, self.classes + 1)]
        outputs = [f"{stem}_model.star", f"{stem}_data.star", *maps]
        job.run(self.command(particles, job, version), self.computing, outputs)
        classes = read_maps(job, stem, particles, "C1")
        best, why = best_class(classes)
        chosen = classes[best - 1]
        require_signal(chosen.map.path)
        drop_earlier(job, self.iterations, self.computing)
        return InitialModel(
            map=self._symmetrised(chosen, version, job), classes=classes, best=best, why=why, program=version.program
        )

    def command(self, particles: ParticleSet, job: Job, version: RelionVersion) -> list[str]:
        """Return the command line for a version."""
        # Neither algorithm runs with MPI.
        words = [*self.words(particles, job, processes=False), "--denovo_3dref", "--sym", "C1"]
        words += self._gradient() if version >= GRADIENT else self._descent(particles)
        if self.blush:
            version.require(BLUSH, "blush", "none")
            words.append("--blush")
        return [*words, "--pipeline_control", f"{job.name(job.folder)}/"]

    def _gradient(self) -> list[str]:
        words = ["--grad", "--grad_write_iter", "10", "--iter", str(self.iterations), "--auto_sampling"]
        return [*words, "--tau2_fudge", f"{self.tau_fudge:g}"]

    def _descent(self, particles: ParticleSet) -> list[str]:
        outer = max(1, self.iterations // 6)
        numbers = {
            "--sgd_ini_iter": outer,
            "--sgd_inbetween_iter": self.iterations - 2 * outer,
            "--sgd_fin_iter": outer,
            "--sgd_write_iter": 10,
            "--sgd_ini_resol": self.initial_resolution,
            "--sgd_fin_resol": self.final_resolution,
            "--sgd_ini_subset": min(self.initial_subset, particles.count),
            "--sgd_fin_subset": min(self.final_subset, particles.count),
        }
        return ["--sgd", *(word for flag, number in numbers.items() for word in (flag, f"{number:g}"))]

    def _symmetrised(self, chosen: Class3D, version: RelionVersion, job: Job) -> Map:
        if self.symmetry == "C1":
            return chosen.map
        target = job.file("initial_model.mrc")
        symmetrise(chosen.map.path, target, self.symmetry, chosen.map.box_size, version, job)
        return chosen.map.model_copy(update={"path": target, "symmetry": self.symmetry})
