"""2D classification by RELION: expectation maximisation, or from RELION 4 on the gradient algorithm VDAM."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from tasks.command import Flag
from tasks.models import Model, ParticleSet
from tasks.models.classes import ClassAverage, Classes2D
from tasks.relion.flags import relion_flags
from tasks.relion.iterations import drop_earlier, iteration_files
from tasks.relion.job import Job, open_job
from tasks.relion.parameters import ClassParameters, require_particles
from tasks.relion.results import particles_in, read_classes, require_signal
from tasks.relion.version import GRADIENT, RelionVersion, relion_version
from tasks.reuse import digest


class Gradient(Model):
    """How the gradient algorithm of RELION 4 and later takes mini-batches."""

    inactivity_threshold: Annotated[float, Field(ge=0, lt=1), Flag("--class_inactivity_threshold")] = 0.1
    """Replace classes that get less than this share of the particles."""
    write_every: Annotated[PositiveInt, Flag("--grad_write_iter")] = 10
    """Mini-batches after which files are written."""
    final_subset: Annotated[PositiveInt, Flag("--grad_fin_subset")] = 7000
    """Particles of the last mini-batches."""
    initial_fraction: Annotated[float, Field(gt=0, lt=1), Flag("--grad_ini_frac")] = 0.3
    """Share of the mini-batches that are small."""
    final_fraction: Annotated[float, Field(gt=0, lt=1), Flag("--grad_fin_frac")] = 0.1
    """Share of the mini-batches that are large."""


class RelionClassification2D(ClassParameters):
    """2D classification by RELION."""

    tool: Literal["relion"] = "relion"
    algorithm: Literal["automatic", "em", "vdam"] = "automatic"
    """em goes through all particles each time; vdam takes mini-batches, and needs RELION 4 and a single process;
    automatic takes vdam where it can."""
    classes: Annotated[PositiveInt, Flag("--K")] = 50
    """Number of classes."""
    iterations: PositiveInt = 25
    """Iterations of em."""
    mini_batches: PositiveInt = 150
    """Mini-batches of vdam."""
    gradient: Gradient = Gradient()
    """How vdam takes mini-batches."""
    tau_fudge: Annotated[PositiveFloat, Flag("--tau2_fudge")] = 2.0
    """Weight of the data against smoothness; higher shows more detail, and more noise."""
    centre: Annotated[bool, Flag("--center_classes")] = True
    """Move the averages to their centre of mass."""
    psi_step: Annotated[PositiveFloat, Flag("--psi_step")] = 12.0
    """Step of the angles in degree, before oversampling."""
    offset_step: Annotated[PositiveFloat, Flag("--offset_step")] = 2.0
    """Step of the shifts in pixels, before oversampling."""

    def classify(self, particles: ParticleSet, folder: Path) -> Classes2D:
        """Classify particles and write RELION's files to a folder."""
        require_particles(particles, self.classes, f"{self.classes} classes")
        version = relion_version(self.executable)
        algorithm = self.choose(version)
        last = self.mini_batches if algorithm == "vdam" else self.iterations
        # Mini-batches follow a schedule that a second start does not know.
        purpose = digest({"particles": particles, "tool": self, "version": version}) if algorithm == "em" else ""
        job = open_job(folder, particles, purpose, last)
        files = iteration_files(job, last)
        averages = job.file(f"run_it{last:03d}_classes.mrcs")
        outputs = [files.data.name, files.model.name, files.optimiser.name, averages.name]
        command = self.command(particles, job, version)
        if job.reached is not None:
            command = self.resuming(particles, job, "--iter", str(last))
        job.run(command, self.computing, outputs, job.log)
        require_signal(averages)
        drop_earlier(job, last, self.computing)
        return Classes2D(
            particles=particles_in(files.data, particles),
            averages=averages,
            model=files.model,
            optimiser=files.optimiser,
            classes=read_classes(files.model, files.data, ClassAverage),
            algorithm=algorithm,
            program=version.program,
        )

    def choose(self, version: RelionVersion) -> Literal["em", "vdam"]:
        """Return the algorithm to use with a version."""
        if self.algorithm == "vdam":
            version.require(GRADIENT, "algorithm vdam", "algorithm em")
        if self.algorithm == "automatic":
            return "vdam" if version >= GRADIENT and self.computing.processes == 1 else "em"
        return self.algorithm

    def command(self, particles: ParticleSet, job: Job, version: RelionVersion) -> list[str]:
        """Return the command line for a version."""
        if self.choose(version) == "em":
            words = [*self.words(particles, job), "--iter", str(self.iterations)]
        else:
            # The gradient algorithm does not run with MPI.
            words = [*self.words(particles, job, processes=False), "--grad", *relion_flags(self.gradient)]
            words += ["--iter", str(self.mini_batches)]
        return [*words, "--pipeline_control", f"{job.name(job.folder)}/"]
