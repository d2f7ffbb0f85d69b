"""A job of RELION: a folder of its own, names as RELION wants them, and what must be there at the end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tasks.command import run
from tasks.errors import CommandError, FormatError, InputError
from tasks.models import ParticleSet
from tasks.relion.computing import Computing
from tasks.relion.failures import end, failure

_CLAIM = ".claimed"


@dataclass(frozen=True)
class Job:
    """Where a program of RELION runs, and where it writes."""

    folder: Path
    """The job's own folder."""
    root: Path
    """The project: where the program runs, and what file names are relative to."""

    @property
    def prefix(self) -> str:
        """What the names of the files of a refinement begin with."""
        return f"{self.name(self.folder)}/run"

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
        try:
            text = run(
                arguments,
                cwd=self.root,
                log=self.file(log),
                timeout=computing.time_limit,
                environment=computing.environment(),
            )
        except CommandError as error:
            raise failure(error, self.file(log).read_text(errors="replace")) from error
        for name in outputs:
            path = self.file(name)
            if not path.is_file() or not path.stat().st_size:
                raise CommandError(
                    f"{arguments[0]} ended well but did not write {path}; it last said:\n{end(text)}", self.file(log)
                )
        return text


def open_job(folder: Path, particles: ParticleSet | None = None) -> Job:
    """Claim a folder for one run: the given one, or, if something ran there before, a new one inside of it."""
    folder = folder.resolve()
    root = folder if particles is None else project_of(particles, folder)
    for number in count(1):
        own = folder if number == 1 else folder / f"run{number:02d}"
        own.mkdir(parents=True, exist_ok=True)
        if any(own.glob("RELION_JOB_*")) or any(own.glob("run_*")):
            continue
        try:
            (own / _CLAIM).touch(exist_ok=False)
        except FileExistsError:
            continue
        return Job(own, root)
    raise AssertionError


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
