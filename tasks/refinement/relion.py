"""Refinement of one density by RELION, with two halves of the particles apart from each other."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import PositiveFloat, model_validator

from tasks.command import Flag
from tasks.errors import ResultError
from tasks.models import ParticleSet
from tasks.models.maps import Map, Refinement
from tasks.relion.computing import Computing, UsedComputing
from tasks.relion.iterations import drop_earlier, last_iteration
from tasks.relion.job import Job, open_job
from tasks.relion.parameters import ReferenceParameters, require_particles
from tasks.relion.reference import fitted, require_mask
from tasks.relion.results import known, particles_in, read_general, read_maps, require_signal
from tasks.relion.version import RelionVersion, relion_version
from tasks.reuse import digest

_FEWEST = 20
_OUTPUTS = (
    "run_class001.mrc",
    "run_half1_class001_unfil.mrc",
    "run_half2_class001_unfil.mrc",
    "run_model.star",
    "run_data.star",
)


class RelionRefinement(ReferenceParameters):
    """3D auto-refinement by RELION."""

    tool: Literal["relion"] = "relion"
    initial_lowpass: Annotated[PositiveFloat, Flag("--ini_high")] = 20.0
    """Resolution in angstrom to which the reference is used at first."""
    local_healpix_order: Annotated[int, Flag("--auto_local_healpix_order")] = 4
    """Sampling from which angles are searched near the last ones only: 4 is 3.7 degree."""
    join_halves: Annotated[PositiveFloat, Flag("--low_resol_join_halves")] = 40.0
    """Resolution in angstrom up to which the halves share what they know, so that they stay in one frame."""
    solvent_corrected: Annotated[bool, Flag("--solvent_correct_fsc")] = False
    """Take the effect of the mask out of the resolution; needs a mask."""
    ignore_angles: Annotated[bool, Flag("--auto_ignore_angles")] = False
    """Sample more finely even while angles still change: faster."""
    resolution_angles: Annotated[bool, Flag("--auto_resol_angles")] = False
    """Sample as finely as the resolution needs: faster."""
    computing: UsedComputing = Computing(processes=3)
    """Processes, threads and GPUs: at least 3 processes, one to lead and one for each half."""

    @model_validator(mode="after")
    def _has_halves(self) -> Self:
        """Refuse too few processes, which RELION would refuse after it has read all images."""
        if self.computing.processes < 3:
            message = f"{self.computing.processes} processes; refinement needs 3: one to lead and one for each half"
            raise ValueError(message)
        if self.solvent_corrected and self.mask is None:
            message = "solvent_corrected needs a mask"
            raise ValueError(message)
        return self

    def refine(self, particles: ParticleSet, reference: Map, folder: Path) -> Refinement:
        """Refine a density against particles and write RELION's files to a folder."""
        require_particles(particles, _FEWEST, "a refinement")
        require_mask(self.mask, particles)
        version = relion_version(self.executable)
        given = {"particles": particles, "reference": reference, "tool": self, "version": version}
        job = open_job(folder, particles, digest(given))
        command = self.command(particles, fitted(reference, particles, job), job, version)
        if job.reached is not None:
            command = self.resuming(particles, job)
        job.run(command, self.computing, _OUTPUTS, job.log)
        last = last_iteration(job)
        result = self._read(particles, job, last, version)
        drop_earlier(job, last, self.computing)
        return result

    def command(self, particles: ParticleSet, reference: Path, job: Job, version: RelionVersion) -> list[str]:
        """Return the command line for a version."""
        return [*super().command(particles, reference, job, version), "--auto_refine", "--split_random_halves"]

    def _read(self, particles: ParticleSet, job: Job, last: int, version: RelionVersion) -> Refinement:
        require_signal(job.file("run_class001.mrc"))
        statistics = read_maps(job, "run", particles, self.symmetry)[0]
        resolution = known(read_general(job.file("run_model.star"), "model_general")["rlnCurrentResolution"])
        if resolution is None:
            raise ResultError(f"{job.folder}: the halves of {particles.count} particles agree at no resolution")
        first, second = (job.file(name) for name in _OUTPUTS[1:3])
        return Refinement(
            particles=particles_in(job.file("run_data.star"), particles),
            map=statistics.map.model_copy(update={"resolution": resolution, "halves": (first, second)}),
            model=job.file("run_model.star"),
            optimiser=job.file(f"run_it{last:03d}_optimiser.star"),
            rotation_accuracy=statistics.rotation_accuracy,
            translation_accuracy=statistics.translation_accuracy,
            completeness=statistics.completeness,
            iterations=last,
            doubt=self._doubt(particles, resolution),
            program=version.program,
        )

    def _doubt(self, particles: ParticleSet, resolution: float) -> str | None:
        """Say so if the halves agree no finer than both began with: noise follows a reference that far."""
        side = particles.box_size * particles.pixel_size
        if round(side / resolution) > round(side / self.initial_lowpass):
            return None
        return (
            f"the halves agree to {resolution:.1f} angstrom, no finer than the reference was used at first "
            f"({self.initial_lowpass:g}): it may be the reference alone that they share"
        )
