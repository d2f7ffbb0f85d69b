"""A register while a project is brought up to date."""

from collections.abc import Sequence
from pathlib import Path

from tasks.formats.star_text import Value
from tasks.project.places import Places
from tasks.project.register import Entry, Register


class Draft:
    """What the project will hold: begun as what it holds."""

    def __init__(self, project: Path, register: Register) -> None:
        self.project = project
        self.places = Places(project, register.links)
        self.optics = list(register.optics)
        self.columns = dict(register.columns)
        self.heads = dict(register.heads)
        self.options = dict(register.options)
        self.entries = dict(register.entries)
        self._basis = register.basis

    def group(self, kind: tuple[float, ...]) -> int:
        """Return the number of the optics group of a kind of imaging conditions, from 1."""
        if kind not in self.optics:
            self.optics.append(kind)
        return self.optics.index(kind) + 1

    def set_up(self, stage: str, options: dict[str, Value]) -> None:
        """Say how a stage is done, unless that is known."""
        self.options.setdefault(stage, options)

    def passed(self, stage: str) -> Sequence[Entry]:
        """Return the items that have passed a stage."""
        return [entry for entry in self.entries.values() if stage in entry.programs]

    def register(self) -> Register:
        """Return it as it is kept."""
        return Register.model_construct(
            basis=self._basis,
            optics=tuple(self.optics),
            heads=self.heads,
            columns=self.columns,
            options=self.options,
            links=self.places.links,
            entries=self.entries,
        )
