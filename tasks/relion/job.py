"""A job of RELION: a folder of its own, names as RELION wants them, and what must be there at the end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tasks.command import run
from tasks.errors import CommandError, FormatError, InputError
from tasks.models import ParticleSet
from tasks.relion.claim import Claim, take, take_over
from tasks.relion.computing import Computing
from tasks.relion.failures import end, failure
from tasks.relion.wholeness import last_whole


@dataclass(frozen=True)
class Job:
    """Where a program of RELION runs, and where it writes."""

    folder: Path
    """The job's own folder."""
    root: Path
    """The project: where the program runs, and what file names are relative to."""
    claim: Claim | None = None
    """What keeps others out of the folder."""
    reached: int | None = None
    """The last whole iteration of an earlier try that was killed; None if this is the first."""

    @property
    def prefix(self) -> str:
        """What the names of the files of a refinement begin with."""
        return f"{self.name(self.folder)}/run"

    @property
    def log(self) -> str:
        """Name of the file that keeps what the program prints; that of an earlier try is kept beside it."""
        return "run.out" if self.reached is None else f"run_ct{self.reached:03d}.out"

    def name(self, path: Path) -> str:
        """Return a file's name for RELION: relative to the project, if the job is in one, without blanks."""
        whole = path.resolve()
        inside = self.root != self.folder and whole.is_relative_to(self.root)
        name = str(whole.relative_to(self.root) if inside else whole)
        if re.search(r"\s", name):
            raise InputError(path, "a blank in its name", "names without blanks, at which RELION would cut them off")
        return name

    def file(self, name: str) -> Path:
        """Return the path of a file of the job."""
        return self.folder / name

    def run(self, arguments: Sequence[str], computing: Computing, outputs: Sequence[str], log: str = "run.out") -> str:
        """Run a program and return what it printed; it has failed unless all outputs are there afterwards."""
        program = computing.started(arguments)
        for name in outputs:
            self.file(name).unlink(missing_ok=True)
        try:
            text = run(
                arguments,
                cwd=self.root,
                log=self.file(log),
                timeout=computing.time_limit,
                environment=computing.environment(),
                program=program,
            )
        except CommandError as error:
            reason = failure(error, self.file(log).read_text(errors="replace"))
            self._leave(again=isinstance(reason, CommandError))
            raise reason from error
        for name in outputs:
            path = self.file(name)
            if not path.is_file() or not path.stat().st_size:
                raise CommandError(
                    f"{program} ended well but did not write {path}; it last said:\n{end(text)}", self.file(log)
                )
        return text

    def _leave(self, *, again: bool) -> None:
        """Let go of the folder, for somebody to go on with it again or not."""
        if self.claim:
            (self.claim.release if again else self.claim.forsake)()


def open_job(folder: Path, particles: ParticleSet | None = None, purpose: str = "", below: int | None = None) -> Job:
    """Claim a folder for one run: the given one, or, if something ran there before, a new one inside of it.

    ``purpose`` is a digest of all that the result depends on. A run for the same purpose that was killed is gone on
    with in its own folder, from its last whole iteration ``below`` a number.
    """
    folder = folder.resolve()
    root = folder if particles is None else project_of(particles, folder)
    for number in count(1):
        own = folder if number == 1 else folder / f"run{number:02d}"
        own.mkdir(parents=True, exist_ok=True)
        if particles and (job := _resumed(own, root, particles, purpose, below)):
            return job
        if not (any(own.glob("RELION_JOB_*")) or any(own.glob("run_*"))) and (claim := take(own, purpose)):
            return Job(own, root, claim)
    raise AssertionError


def _resumed(own: Path, root: Path, particles: ParticleSet, purpose: str, below: int | None) -> Job | None:
    """Return the job of a run that was killed, if there is something to go on with."""
    if (own / "RELION_JOB_EXIT_SUCCESS").exists() or not (claim := take_over(own, purpose)):
        return None
    reached = last_whole(own, particles.count, below)
    if reached is None:
        claim.release()
        return None
    for mark in own.glob("RELION_JOB_*"):
        mark.unlink()
    return Job(own, root, claim, reached)


def project_of(particles: ParticleSet, folder: Path) -> Path:
    """Return the folder that image names are relative to: the nearest one above the STAR file that has the images."""
    name = first_image(particles.star)
    image = Path(name)
    if image.is_absolute():
        if not image.is_file():
            raise FormatError(particles.star, f"images in {image}, which does not exist", "a stack of particles")
        return folder
    for parent in particles.star.resolve().parents:
        if (parent / image).is_file():
            return parent
    raise FormatError(particles.star, f"images in {image}", "a stack in the folder of the STAR file or one above it")


def first_image(star: Path) -> str:
    """Return the stack of the first particle of a STAR file, without reading all of it."""
    if not star.is_file():
        raise FormatError(star, "no such file", "a STAR file of particles")
    with star.open(errors="replace") as file:
        for line in file:
            match = re.search(r"(?:^|\s)\d+@(\S+)", line)
            if match:
                return match[1]
    raise FormatError(star, "no image", "particles with rlnImageName")
