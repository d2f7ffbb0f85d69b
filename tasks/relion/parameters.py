"""What refinements and classifications by RELION can be told: all of them, those of classes, those of references."""

from pathlib import Path
from typing import Annotated

from pydantic import PositiveFloat, PositiveInt

from tasks.command import Flag
from tasks.errors import InputError
from tasks.models import Executable, Model, ParticleSet
from tasks.relion.computing import Computing, Seed, UsedComputing
from tasks.relion.flags import relion_flags
from tasks.relion.job import Job
from tasks.relion.symmetry import PointGroup
from tasks.relion.version import BLUSH, RelionVersion, relion_version

_EDGE = 5
"""Pixels of the soft edge of RELION's circular mask."""
_ROOM = 1.1
"""Mask to particle diameter."""


class RelionParameters(Model):
    """Parameters that classification and refinement share."""

    executable: Executable = "relion_refine"
    """RELION's program; the same name with _mpi at its end is used for several processes."""
    mask_diameter: PositiveFloat | None = None
    """Diameter of the circular mask in angstrom; by default 1.1 times that of the particles."""
    ctf: Annotated[bool, Flag("--ctf")] = True
    """Correct the contrast transfer function."""
    ctf_intact_first_peak: Annotated[bool, Flag("--ctf_intact_first_peak")] = False
    """Leave low frequencies as they are, before the first peak of the CTF."""
    padding: Annotated[PositiveInt, Flag("--pad")] = 2
    """Oversampling of transforms: 2, or 1 to save memory."""
    skip_gridding: Annotated[bool, Flag("--skip_gridding")] = False
    """Leave out a correction that costs time and hardly matters."""
    flatten_solvent: Annotated[bool, Flag("--flatten_solvent")] = True
    """Mask the references."""
    zero_mask: Annotated[bool, Flag("--zero_mask")] = True
    """Set what is outside of the mask to zero and not to noise."""
    oversampling: Annotated[int, Flag("--oversampling")] = 1
    """How many times the sampling of angles and shifts is halved around the best ones."""
    most_poses: Annotated[PositiveInt | None, Flag("--maxsig")] = None
    """Poses of a particle that are looked at more finely, at most; by default all that are likely. Some hundred make
    first iterations much faster, as all poses are likely then."""
    seed: Annotated[Seed, Flag("--random_seed")] = 1
    """Where random numbers start."""
    computing: UsedComputing = Computing()
    """Processes, threads and GPUs."""

    def version(self) -> str:
        """Return name and version of the program."""
        return relion_version(self.executable).program

    def words(self, particles: ParticleSet, job: Job, *, processes: bool = True) -> list[str]:
        """Return the start of a command line: the program, its files, and all flags of the fields."""
        computing = self.computing.model_copy(update={} if processes else {"processes": 1}).holding(_bytes(particles))
        words = [*computing.launch(self.executable), "--i", job.name(particles.star), "--o", job.prefix]
        words += ["--particle_diameter", f"{self.mask_of(particles):.6g}"]
        return words + relion_flags(self) + relion_flags(computing)

    def resuming(self, particles: ParticleSet, job: Job, *more: str) -> list[str]:
        """Return the command line that goes on after the last whole iteration of a run that was killed."""
        computing = self.computing.holding(_bytes(particles))
        optimiser = job.name(job.file(f"run_it{job.reached or 0:03d}_optimiser.star"))
        words = [*computing.launch(self.executable), "--continue", optimiser, "--o", job.prefix]
        words += [*more, "--pad", str(self.padding), *relion_flags(computing)]
        return [*words, "--pipeline_control", f"{job.name(job.folder)}/"]

    def mask_of(self, particles: ParticleSet) -> float:
        """Return the diameter of the mask in angstrom, which has to fit the box."""
        largest = (particles.box_size - _EDGE) * particles.pixel_size
        if self.mask_diameter is None:
            return min(particles.diameter * _ROOM, largest)
        if self.mask_diameter > largest:
            raise InputError(
                "mask_diameter", f"{self.mask_diameter:g}", f"at most {largest:g} angstrom for these boxes"
            )
        return self.mask_diameter


class AligningParameters(RelionParameters):
    """Parameters of what goes through all particles again and again."""

    offset_range: Annotated[PositiveFloat, Flag("--offset_range")] = 5.0
    """Largest shift that is tried in pixels."""
    norm: Annotated[bool, Flag("--norm")] = True
    """Correct the scale of each particle."""
    scale: Annotated[bool, Flag("--scale")] = True
    """Correct the scale of the particles of each micrograph."""


class ClassParameters(AligningParameters):
    """Parameters of classifications."""

    resolution_limit: Annotated[PositiveFloat | None, Flag("--strict_highres_exp")] = None
    """Use no frequencies beyond this resolution in angstrom to align."""
    skip_align: Annotated[bool, Flag("--skip_align")] = False
    """Keep the alignments that the particles have."""
    allow_coarser: Annotated[bool, Flag("--allow_coarser_sampling")] = False
    """Sample more coarsely while the classes are poor."""


class ReferenceParameters(AligningParameters):
    """Parameters of what compares particles with densities."""

    symmetry: Annotated[PointGroup, Flag("--sym")] = "C1"
    """Point group."""
    correct_greyscale: Annotated[bool, Flag("--firstiter_cc")] = True
    """Compare by correlation at first; not needed for references that RELION made of these particles."""
    healpix_order: Annotated[int, Flag("--healpix_order")] = 2
    """First sampling of angles before oversampling: 2 is 15 degree, 3 is 7.5 degree."""
    offset_step: Annotated[PositiveFloat, Flag("--offset_step")] = 4.0
    """Step of the shifts in pixels, before oversampling."""
    mask: Annotated[Path | None, Flag("--solvent_mask")] = None
    """Mask for the references, in the voxels of the particles; by default a ball."""
    blush: Annotated[bool, Flag("--blush")] = False
    """Let a neural network smooth the densities: needs RELION 5 and a GPU."""

    def command(self, particles: ParticleSet, reference: Path, job: Job, version: RelionVersion) -> list[str]:
        """Return the command line for a version."""
        if self.blush:
            version.require(BLUSH, "blush", "none")
        words = [*self.words(particles, job), "--ref", job.name(reference)]
        return [*words, "--pipeline_control", f"{job.name(job.folder)}/"]


def require_particles(particles: ParticleSet, least: int, purpose: str) -> None:
    """Refuse too few particles."""
    if particles.count < least:
        raise InputError(particles.star, f"{particles.count} particles", f"at least {least} for {purpose}")


def _bytes(particles: ParticleSet) -> int:
    """Return how much memory the images take, of which RELION keeps each pixel in single precision."""
    return 4 * particles.count * particles.box_size**2
