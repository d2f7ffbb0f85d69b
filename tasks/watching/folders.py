"""Look into folders, as rarely as is safe: listing a folder of a network file system is dear."""

# Paths as objects cost ten times as much, for a hundred thousand files.
# ruff: noqa: PTH116, PTH118

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tasks.watching.names import Names
from tasks.watching.settling import Stamp

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Folder:
    """What a folder held when it was last listed."""

    modified: int = -1
    """Time of its last change, by the clock of the file server."""
    since: float = 0.0
    """When it was first seen with this time of the last change."""
    listed: float = float("-inf")
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    """Names that do not count."""
    problem: str | None = None


@dataclass(slots=True)
class Look:
    """What one look has shown."""

    stamps: dict[str, Stamp] = field(default_factory=dict)
    """The files that were looked at; others may be there as before."""
    gone: list[str] = field(default_factory=list)


class Folders:
    """Folders, with those below."""

    def __init__(
        self,
        roots: Iterable[Path],
        names: Names,
        results: Iterable[Path] = (),
        margin: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots = [str(root) for root in roots]
        self._names = names
        self._results = {str(path) for path in results}
        self._margin = margin
        self._clock = clock
        self._folders: dict[str, _Folder] = {}

    def look(self, unsettled: Iterable[str], *, everything: bool) -> Look:
        """Look at files that are new or unsettled, or at every file.

        A folder is listed again if it has changed, and for some time after: a change within the same tick of its file
        server's clock leaves the same time. What cannot be read now is taken to be as it was.
        """
        look = Look()
        waiting = list(self._roots)
        while waiting:
            path = waiting.pop()
            waiting += self._visit(path, look, everything=everything)
        for path in unsettled:
            if path not in look.stamps:
                self._look_at(path, look)
        return look

    def counts(self) -> tuple[int, int, int]:
        """Return the numbers of folders, of files that count, and of others."""
        known = self._folders.values()
        return len(known), sum(len(one.files) for one in known), sum(len(one.others) for one in known)

    def _visit(self, path: str, look: Look, *, everything: bool) -> list[str]:
        """Look into one folder; return those below."""
        folder = self._folders.setdefault(path, _Folder())
        try:
            modified = os.stat(path).st_mtime_ns
            if modified != folder.modified:
                folder.modified, folder.since = modified, self._clock()
            if everything or folder.listed < folder.since + self._margin:
                self._list(path, folder, look, everything=everything)
        except OSError as reason:
            if isinstance(reason, FileNotFoundError) and path not in self._roots:
                look.gone += self._forget(path)
                return []
            self._complain(path, folder, reason)
            return []
        if folder.problem:
            _log.warning("%s can be read again", path)
            folder.problem = None
        return [os.path.join(path, name) for name in folder.folders]

    def _list(self, path: str, folder: _Folder, look: Look, *, everything: bool) -> None:
        """List a folder, and look at its files that are new, or at all."""
        begun = self._clock()
        seen = set()
        with os.scandir(path) as entries:
            for entry in entries:
                name = entry.name
                seen.add(name)
                if name in folder.files:
                    if everything:
                        self._look_at(entry.path, look)
                elif name not in folder.others and name not in folder.folders:
                    self._sort(entry, folder, look)
        look.gone += [os.path.join(path, name) for name in folder.files - seen]
        for name in folder.folders - seen:
            look.gone += self._forget(os.path.join(path, name))
        folder.files &= seen
        folder.folders &= seen
        folder.others &= seen
        folder.listed = begun

    def _sort(self, entry: "os.DirEntry[str]", folder: _Folder, look: Look) -> None:
        """Decide what a new name is."""
        if entry.is_dir(follow_symlinks=False):
            is_watched = not self._names.is_ignored(entry.name) and entry.path not in self._results
            (folder.folders if is_watched else folder.others).add(entry.name)
        elif self._names.kind(entry.name) and entry.is_file():
            folder.files.add(entry.name)
            self._look_at(entry.path, look)
        elif not entry.is_symlink():
            # The target of a link may still come.
            folder.others.add(entry.name)

    def _look_at(self, path: str, look: Look) -> None:
        """Look at one file; if it is gone, its folder is listed again."""
        try:
            status = os.stat(path)
        except FileNotFoundError:
            look.gone.append(path)
            folder, name = os.path.split(path)
            if folder in self._folders:
                self._folders[folder].files.discard(name)
                self._folders[folder].modified = -1
        except OSError as reason:
            _log.debug("%s cannot be looked at: %s", path, reason.strerror)
        else:
            look.stamps[path] = Stamp(status.st_size, status.st_mtime_ns)

    def _forget(self, path: str) -> Iterator[str]:
        """Forget a folder and those below; yield their files."""
        folder = self._folders.pop(path, _Folder())
        yield from (os.path.join(path, name) for name in folder.files)
        for name in folder.folders:
            yield from self._forget(os.path.join(path, name))

    def _complain(self, path: str, folder: _Folder, reason: OSError) -> None:
        """Say once that a folder cannot be read."""
        problem = reason.strerror or str(reason)
        if folder.problem != problem:
            _log.warning("%s cannot be read (%s); waiting for it", path, problem)
        folder.problem = problem
