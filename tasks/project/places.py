"""Where the files of a session are within its project: RELION wants every path to start at the folder of a job.

The results stay where they are. One link in the job stands for each of their folders, so that ten thousand micrographs
in one folder cost one link.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

from tasks.errors import InputError
from tasks.formats.files import replacing


class Places:
    """The links of a project."""

    def __init__(self, project: Path, links: Mapping[str, str] | None = None) -> None:
        self._project = project
        self.links = dict(links or {})
        """The links that were made, and where they lead, both relative to the project."""
        self._known: dict[tuple[str, str], str] = {}
        self._found: dict[tuple[str, str], str] = {}
        self._taken: dict[str, dict[str, str]] = {}

    def of(self, job: str, file: Path, label: str = "") -> str:
        """Return the path of a file from the project, through a link in a job that is named by the label."""
        folder, _, name = str(file).rpartition(os.sep)
        if " " in name:
            raise InputError(file, "a blank in its name", "names without blanks, at which RELION would cut them off")
        known = self._known.get((job, folder))
        if known is None:
            known = self._known[job, folder] = self._place(job, folder, label or Path(folder).name)
        return f"{known}/{name}"

    def find(self, file: str, jobs: Iterable[str]) -> str:
        """Return the path from the project of a file to whose folder one of the jobs leads; else the file as it is."""
        folder, _, name = file.rpartition(os.sep)
        for job in jobs:
            if (job, folder) not in self._found:
                self._found[job, folder] = self._existing(job, os.path.realpath(folder))
            if self._found[job, folder]:
                return f"{self._found[job, folder]}/{name}"
        return file

    def link(self, place: str, target: Path) -> str:
        """Have a path of the project lead to a file or folder elsewhere; return the path."""
        link(self._project / place, target)
        self.links[place] = os.path.relpath(os.path.realpath(target), os.path.realpath(self._project))
        return place

    def restore(self) -> None:
        """Make the links again that somebody has removed."""
        for place, target in self.links.items():
            if not os.path.lexists(self._project / place):
                link(self._project / place, self._project / target)

    def _place(self, job: str, folder: str, label: str) -> str:
        target = os.path.realpath(folder)
        return self._existing(job, target) or f"{job}/Movies/{self._new(job, target, word(label))}"

    def _existing(self, job: str, target: str) -> str:
        """Return where a folder is in a job already; nothing if it is not there."""
        home = os.path.realpath(self._project / job)
        if target == home or target.startswith(f"{home}{os.sep}"):
            return str(Path(job) / os.path.relpath(target, home))
        taken = self._taken.setdefault(job, _links(self._project / job / "Movies"))
        return next((f"{job}/Movies/{name}" for name, at in taken.items() if at == target), "")

    def _new(self, job: str, target: str, label: str) -> str:
        taken = self._taken[job]
        name = next(name for name in _names(label, Path(target)) if name not in taken)
        self.link(f"{job}/Movies/{name}", Path(target))
        taken[name] = target
        return name


def _names(label: str, target: Path) -> Iterator[str]:
    """Return names for a folder until one is free: folders of one name are told apart by those that hold them."""
    yield label
    for number in range(len(target.parents) - 1):
        label = word(f"{target.parents[number].name}_{label}")
        yield label
    yield from (f"{label}_{number}" for number in count(2))


def link(place: Path, target: Path) -> None:
    """Have a path lead to a file or folder elsewhere, relative to where it stands, so that both can move together."""
    wanted = os.path.relpath(os.path.realpath(target), os.path.realpath(place.parent))
    if place.is_symlink() and str(place.readlink()) == wanted:
        return
    with replacing(place) as beside:
        beside.symlink_to(wanted)


def word(name: str) -> str:
    """Return a name without what RELION cannot read in a name: it ends at white space."""
    return "_".join(name.split())


def _links(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {entry.name: os.path.realpath(entry.path) for entry in entries if entry.is_symlink()}
