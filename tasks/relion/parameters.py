"""What all refinements by RELION can be told."""

from typing import Annotated

from pydantic import PositiveFloat, PositiveInt

from tasks.command import Flag
from tasks.errors import InputError
from tasks.models import Executable, Model, ParticleSet
from tasks.relion.computing import Computing, Seed, UsedComputing
from tasks.relion.flags import relion_flags
from tasks.relion.job import Job

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
    seed: Annotated[Seed, Flag("--random_seed")] = 1
    """Where random numbers start."""
    computing: UsedComputing = Computing()
    """Processes, threads and GPUs."""

    def words(self, particles: ParticleSet, job: Job, *, processes: bool = True) -> list[str]:
        """Return the start of a command line: the program, its files, and all flags of the fields."""
        computing = self.computing if processes else self.computing.model_copy(update={"processes": 1})
        words = [*computing.launch(self.executable), "--i", job.name(particles.star), "--o", job.prefix]
        words += ["--particle_diameter", f"{self.mask_of(particles):.6g}"]
        return words + relion_flags(self) + relion_flags(computing)

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


def require_particles(particles: ParticleSet, least: int, purpose: str) -> None:
    """Refuse too few particles."""
    if particles.count < least:
        raise InputError(particles.star, f"{particles.count} particles", f"at least {least} for {purpose}")
