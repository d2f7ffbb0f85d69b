"""A register while a project is brought up to date."""

from collections import Counter
from functools import cached_property
from pathlib import Path

from tasks.formats.star_text import Value
from tasks.project.places import Places
from tasks.project.register import Register


class Draft:
    """What the project will hold: begun as what it holds."""

    def __init__(self, project: Path, register: Register) -> None:
        self.project = project
        self.places = Places(project, register.links)
        self.optics = list(register.optics)
        self.works = list(register.works)
        self.columns = dict(register.columns)
        self.heads = dict(register.heads)
        self.options = dict(register.options)
        self.entries = dict(register.entries)
        self._before = register

    def group(self, kind: tuple[float, ...]) -> int:
        """Return the number of the optics group of a kind of imaging conditions, from 1."""
        if kind not in self.optics:
            self.optics.append(kind)
        return self.optics.index(kind) + 1

    def set_up(self, stage: str, options: dict[str, Value]) -> None:
        """Say how a stage is done, unless that is known."""
        self.options.setdefault(stage, options)

    def work(self, programs: dict[str, tuple[str, ...]]) -> int:
        """Return the number of a kind of work: of the programs that did it, by the stages that were passed."""
        if programs not in self.works:
            self.works.append(programs)
        return self.works.index(programs)

    def passed(self, stage: str) -> int:
        """Return how many items have passed a stage."""
        return sum(count for work, count in self._counts.items() if stage in self.works[work])

    def programs(self, stage: str) -> tuple[str, ...]:
        """Return the programs that did the work of a stage."""
        return tuple(sorted({name for work in self._counts for name in self.works[work].get(stage, ())}))

    def stopped(self, stage: str) -> tuple[str, ...]:
        """Return the items that have stopped at a stage for good, and why."""
        return tuple(
            f"{entry.name or key}: {entry.failure}" for key, entry in self.entries.items() if entry.stopped == stage
        )

    @cached_property
    def _counts(self) -> Counter[int]:
        """How many items each kind of work was done on; asked for when all items are there."""
        return Counter(entry.work for entry in self.entries.values())

    def register(self) -> Register:
        """Return it as it is kept; what was kept before, if nothing has changed."""
        before, links = self._before, self.places.links
        if self.entries == before.entries and links == before.links and self.heads == before.heads:
            return before
        return Register.model_construct(
            basis=before.basis,
            optics=tuple(self.optics),
            works=tuple(self.works),
            heads=self.heads,
            columns=self.columns,
            options=self.options,
            links=links,
            entries=self.entries,
        )
