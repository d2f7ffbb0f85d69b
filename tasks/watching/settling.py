"""Which files have settled: a state machine of what was seen at which time of the watcher's own clock."""

from collections.abc import Iterable, KeysView, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Stamp(NamedTuple):
    """What changes when a file does."""

    size: int
    """Bytes."""
    modified: int
    """Time of the last change in nanoseconds, by the clock of the file server: compared with itself only."""


@dataclass(slots=True)
class _Unsettled:
    """A file that is not known to be whole."""

    stamp: Stamp
    since: float
    """When it was first seen as it is."""
    look: float
    """When it is to be looked into."""
    given_up: bool = False


class Settling:
    """Files on their way: unsettled until they have not changed for a while, then looked into until they are whole.

    A file that changes is unsettled again, whatever it was.
    """

    def __init__(self, settling: float, patience: float) -> None:
        self._settling, self._patience = settling, patience
        self._unsettled: dict[str, _Unsettled] = {}
        self._whole: dict[str, Stamp] = {}
        self.changed = float("-inf")
        """When a file has last come or changed."""

    @property
    def unsettled(self) -> KeysView[str]:
        """The files that are to be looked at often."""
        return self._unsettled.keys()

    def __contains__(self, path: str) -> bool:
        return path in self._whole or path in self._unsettled

    def __len__(self) -> int:
        return len(self._whole) + len(self._unsettled)

    def observe(
        self, stamps: Mapping[str, Stamp], begun: float, ended: float, known: Mapping[str, int] | None = None
    ) -> list[str]:
        """Take note of how files are in a look from a time to another; return those to be looked into, oldest first.

        Files that were seen before and are missing here were not looked at. ``known`` are the sizes of files that were
        found whole earlier: such a file is whole when it is first seen.
        """
        due = []
        for path, stamp in stamps.items():
            if self._whole.get(path) == stamp:
                continue
            if path not in self and known is not None and known.get(path) == stamp.size:
                self._whole[path] = stamp
                continue
            file = self._unsettled.get(path)
            if file is None or file.stamp != stamp:
                self._whole.pop(path, None)
                file = self._unsettled[path] = _Unsettled(stamp, ended, ended + self._settling)
                self.changed = ended
            # Time alone is no evidence: it takes two looks to see that a file has not changed.
            if begun >= file.look and begun > file.since:
                due.append(path)
        return sorted(due, key=lambda path: (self._unsettled[path].stamp.modified, path))

    def accept(self, path: str) -> None:
        """Take note that a file that was due is whole."""
        file = self._unsettled.pop(path, None)
        if file is not None:
            self._whole[path] = file.stamp

    def refuse(self, path: str, now: float) -> None:
        """Take note that a file that was due is broken.

        It is looked into ever more rarely, and also after it was given up.
        """
        file = self._unsettled[path]
        age = now - file.since
        file.given_up = age >= self._patience
        wait = self._patience if file.given_up else min(max(age, self._settling), self._patience - age)
        file.look = now + wait

    def hasten(self, paths: Iterable[str]) -> None:
        """Let files be looked into with the next look."""
        for path in self._unsettled.keys() & set(paths):
            self._unsettled[path].look = float("-inf")

    def forget(self, paths: Iterable[str]) -> None:
        """Take note that files are gone."""
        for path in paths:
            self._unsettled.pop(path, None)
            self._whole.pop(path, None)

    def size(self, path: str) -> int:
        """Return the size of a file in bytes."""
        file = self._unsettled.get(path)
        return (self._whole[path] if file is None else file.stamp).size

    def is_whole(self, path: str) -> bool:
        """Tell whether a file was found whole."""
        return path in self._whole

    def is_given_up(self, path: str) -> bool:
        """Tell whether a file is broken and has not changed for long."""
        file = self._unsettled.get(path)
        return file is not None and file.given_up
