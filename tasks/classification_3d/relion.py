"""3D classification by RELION."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import PositiveFloat, PositiveInt

from tasks.command import Flag
from tasks.errors import InputError
from tasks.models import ParticleSet
from tasks.models.maps import Classes3D, Map
from tasks.relion.evidence import best_class
from tasks.relion.iterations import drop_earlier, iteration_files
from tasks.relion.job import open_job
from tasks.relion.parameters import ClassParameters, ReferenceParameters, require_particles
from tasks.relion.reference import fitted, require_mask, write_references
from tasks.relion.results import particles_in, read_maps, require_signal
from tasks.relion.version import relion_version
from tasks.reuse import digest


class RelionClassification3D(ClassParameters, ReferenceParameters):
    """3D classification by RELION."""

    tool: Literal["relion"] = "relion"
    classes: Annotated[PositiveInt, Flag("--K")] = 4
    """Number of classes."""
    iterations: Annotated[PositiveInt, Flag("--iter")] = 25
    tau_fudge: Annotated[PositiveFloat, Flag("--tau2_fudge")] = 4.0
    """Weight of the data against smoothness; higher shows more detail, and more noise."""
    initial_lowpass: Annotated[PositiveFloat, Flag("--ini_high")] = 40.0
    """Resolution in angstrom to which the reference is used at first."""
    fast_subsets: Annotated[bool, Flag("--fast_subsets")] = False
    """Use parts of the particles in the first iterations."""

    def classify(self, particles: ParticleSet, references: Sequence[Map], folder: Path) -> Classes3D:
        """Classify particles by one reference, or by one for each class, and write RELION's files to a folder."""
        require_particles(particles, self.classes, f"{self.classes} classes")
        require_mask(self.mask, particles)
        if len(references) not in {1, self.classes}:
            raise InputError("references", f"{len(references)} maps", f"one, or one for each of {self.classes} classes")
        version = relion_version(self.executable)
        given = {"particles": particles, "references": references, "tool": self, "version": version}
        job = open_job(folder, particles, digest(given), self.iterations)
        reference = write_references([fitted(item, particles, job) for item in references], job)
        files, stem = iteration_files(job, self.iterations), f"run_it{self.iterations:03d}"
        maps = [f"{stem}_class{number:03d}.mrc" for number in range(1, self.classes + 1)]
        outputs = [files.data.name, files.model.name, files.optimiser.name, *maps]
        command = self.command(particles, reference, job, version)
        if job.reached is not None:
            command = self.resuming(particles, job, "--iter", str(self.iterations))
        job.run(command, self.computing, outputs, job.log)
        classes = read_maps(job, stem, particles, self.symmetry)
        best, why = best_class(classes)
        require_signal(classes[best - 1].map.path)
        drop_earlier(job, self.iterations, self.computing)
        return Classes3D(
            particles=particles_in(files.data, particles),
            model=files.model,
            optimiser=files.optimiser,
            classes=classes,
            best=best,
            why=why,
            program=version.program,
        )
