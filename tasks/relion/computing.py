"""With what RELION computes; nothing here changes the result."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

import psutil
from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.command import Flag
from tasks.models import Incidental, Model, Threads

_MPI = {
    # The leading process only hands out work, so that there is one process more than there are cores or GPUs.
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    # Processes that wait for others would take whole cores from them.
    "OMPI_MCA_mpi_yield_when_idle": "1",
    # A process that is bound to one core would run all its threads there.
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}
_AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


class Computing(Model):
    """Processes, threads and GPUs of a run of RELION."""

    processes: PositiveInt = 1
    """MPI processes, of which the first one only hands out work; 1 runs without MPI."""
    launcher: tuple[str, ...] = ("mpirun",)
    """What starts MPI processes, up to the flag -n with their number."""
    threads: Annotated[Threads, Flag("--j")] = 1
    """Threads of each process."""
    gpus: Annotated[str | None, Field(pattern=r"^\d+([,:]\d+)*$"), Flag("--gpu")] = None
    """GPUs as RELION wants them: processes parted by colons, threads by commas; none computes on the CPU."""
    pool: Annotated[PositiveInt, Flag("--pool")] = 30
    """Particles that a thread takes at a time."""
    preread_images: Annotated[bool, Flag("--preread_images")] = True
    """Hold all images in memory, if they take less than half of that of this machine: faster."""
    scratch: Annotated[Path | None, Flag("--scratch_dir")] = None
    """Folder on a fast local disk to copy the images to."""
    combine_by_network: Annotated[bool, Flag("--dont_combine_weights_via_disc")] = True
    """Send sums between processes through the network and not through files."""
    time_limit: PositiveFloat = 86_400.0
    """Seconds after which a run is taken for hanging."""
    keep_iterations: bool = False
    """Keep the files of all iterations, not of the last one only."""

    def holding(self, images: int) -> Self:
        """Return how to compute with so many bytes of images, which each process but the leading one would hold."""
        fits = images * max(1, self.processes - 1) <= psutil.virtual_memory().total / 2
        return self if fits else self.model_copy(update={"preread_images": False})

    def launch(self, executable: str) -> list[str]:
        """Return the words that start a program, with MPI where there is more than one process."""
        if self.processes == 1:
            return [executable]
        return [*self.launcher, "-n", str(self.processes), f"{executable}_mpi"]

    def started(self, words: Sequence[str]) -> str:
        """Return the program of RELION among the words that start it."""
        launched = self.processes > 1 and tuple(words[: len(self.launcher)]) == self.launcher
        return words[len(self.launcher) + 2] if launched else words[0]

    def environment(self) -> dict[str, str]:
        """Return what MPI has to be told beside its command line."""
        if self.processes == 1:
            return {}
        return {**_MPI, **(_AS_ROOT if os.geteuid() == 0 else {})}


UsedComputing = Annotated[Computing, Incidental()]
"""With what a step computes; it does not count when a result can be used again."""
Seed = NonNegativeInt
"""Where random numbers start; the same seed gives the same result on the same machine, unless a run was killed and
another went on with it."""
