"""Which of the programs that averaging needs are not installed."""

from collections.abc import Iterator

from flows.averaging_tools import AveragingTools
from tasks.command import find
from tasks.errors import CommandError
from tasks.models import Model, ParticleSet
from tasks.relion.computing import Computing


def missing_programs(tools: AveragingTools) -> list[str]:
    """Return the programs of the chosen tools that are not found."""
    chosen = (getattr(tools, name) for name in AveragingTools.model_fields)
    needed = dict.fromkeys(program for tool in chosen if isinstance(tool, Model) for program in _programs(tool))
    return list(dict.fromkeys(program for program, owner in needed if find(program, owner) is None))


def require_programs(tools: AveragingTools, particles: ParticleSet) -> None:
    """Refuse to go on without the programs; what is done by then is kept."""
    if missing := missing_programs(tools):
        raise CommandError(
            f"{particles.count} particles are extracted ({particles.star}), but {', '.join(missing)} "
            f"{'was' if len(missing) == 1 else 'were'} not found, which classification and refinement need: install "
            "RELION 3.1 or later (on Debian: apt-get install relion) and start again; nothing is done twice"
        )


def _programs(tool: Model) -> Iterator[tuple[str, str]]:
    """Return programs, each with the one for which the site says how they are started."""
    computing = getattr(tool, "computing", None)
    for name in ("executable", "mask_executable"):
        program = getattr(tool, name, None)
        if program and isinstance(computing, Computing) and computing.processes > 1:
            yield from ((computing.launcher[0], f"{program}_mpi"), (f"{program}_mpi", f"{program}_mpi"))
        elif program:
            yield program, program
