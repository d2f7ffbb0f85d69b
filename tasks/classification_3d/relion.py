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
from tasks.relion.job import Job, open_job
from tasks.relion.parameters import RelionParameters, require_particles
from tasks.relion.reference import fitted, require_mask, write_references
from tasks.relion.results import particles_in, read_maps, require_signal
from tasks.relion.symmetry import PointGroup
from tasks.relion.version import BLUSH, RelionVersion, relion_version


class RelionClassification3D(RelionParameters):
    """3D classification by RELION."""

    tool: Literal["relion"] = "relion"
    classes: Annotated[PositiveInt, Flag("--K")] = 4
    """Number of classes."""
    iterations: Annotated[PositiveInt, Flag("--iter")] = 25
    tau_fudge: Annotated[PositiveFloat, Flag("--tau2_fudge")] = 4.0
    """Weight of the data against smoothness; higher shows more detail, and more noise."""
    symmetry: Annotated[PointGroup, Flag("--sym")] = "C1"
    initial_lowpass: Annotated[PositiveFloat, Flag("--ini_high")] = 40.0
    """Resolution in angstrom to which the reference is used at first."""
    correct_greyscale: Annotated[bool, Flag("--firstiter_cc")] = True
    """Compare by correlation at first; not needed for references that RELION made of these particles."""
    fast_subsets: Annotated[bool, Flag("--fast_subsets")] = False
    """Use parts of the particles in the first iterations."""
    healpix_order: Annotated[int, Flag("--healpix_order")] = 2
    """Sampling of angles before oversampling: 2 is 15 degree, 3 is 7.5 degree."""
    offset_range: Annotated[PositiveFloat, Flag("--offset_range")] = 5.0
    """Largest shift that is tried in pixels."""
    offset_step: Annotated[PositiveFloat, Flag("--offset_step")] = 4.0
    """Step of the shifts in pixels, before oversampling."""
    resolution_limit: Annotated[PositiveFloat | None, Flag("--strict_highres_exp")] = None
    """Use no frequencies beyond this resolution in angstrom to align."""
    mask: Annotated[Path | None, Flag("--solvent_mask")] = None
    """Mask for the references, in the voxels of the particles; by default a ball."""
    skip_align: Annotated[bool, Flag("--skip_align")] = False
    """Keep the alignments that the particles have."""
    allow_coarser: Annotated[bool, Flag("--allow_coarser_sampling")] = False
    """Sample more coarsely while the classes are poor."""
    norm: Annotated[bool, Flag("--norm")] = True
    """Correct the scale of each particle."""
    scale: Annotated[bool, Flag("--scale")] = True
    """Correct the scale of the particles of each micrograph."""
    blush: Annotated[bool, Flag("--blush")] = False
    """Let a neural network smooth the densities: needs RELION 5 and a GPU."""

    def classify(self, particles: ParticleSet, references: Sequence[Map], folder: Path) -> Classes3D:
        """Classify particles by one reference, or by one for each class, and write RELION's files to a folder."""
        require_particles(particles, self.classes, f"{self.classes} classes")
        require_mask(self.mask, particles)
        if len(references) not in {1, self.classes}:
            raise InputError("references", f"{len(references)} maps", f"one, or one for each of {self.classes} classes")
        version = relion_version(self.executable)
        job = open_job(folder, particles)
        reference = write_references([fitted(item, particles, job) for item in references], job)
        files, stem = iteration_files(job, self.iterations), f"run_it{self.iterations:03d}"
        maps = [f"{stem}_class{number:03d}.mrc" for number in range(1, self.classes + 1)]
        outputs = [files.data.name, files.model.name, files.optimiser.name, *maps]
        job.run(self.command(particles, reference, job, version), self.computing, outputs)
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

    def command(self, particles: ParticleSet, reference: Path, job: Job, version: RelionVersion) -> list[str]:
        """Return the command line for a version."""
        if self.blush:
            version.require(BLUSH, "blush", "none")
        words = [*self.words(particles, job), "--ref", job.name(reference)]
        return [*words, "--pipeline_control", f"{job.name(job.folder)}/"]
