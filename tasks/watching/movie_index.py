"""Find the movies that an mdoc file names, wherever they are and however they were compressed."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tasks.watching.series import Described, Present
from tasks.watching.settling import Settling


class MovieIndex:
    """Movies by their names without suffix, in small letters."""

    def __init__(self) -> None:
        self._paths: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, path: str) -> None:
        """Take note of a movie."""
        self._paths[_stem(path)].append(path)

    def remove(self, paths: Iterable[str]) -> None:
        """Take note that movies are gone."""
        for path in paths:
            candidates = self._paths.get(_stem(path), [])
            if path in candidates:
                candidates.remove(path)

    def look(self, described: Described, movies: Settling) -> Present:
        """Return what there is of a tilt series."""
        whole: dict[str, Path] = {}
        missing, broken = [], []
        for name in described.movies:
            candidates = self._candidates(name)
            here = next(filter(movies.is_whole, candidates), None)
            if here is not None:
                whole[name] = Path(here)
            elif candidates and all(map(movies.is_given_up, candidates)):
                broken.append(name)
            else:
                missing.append(name)
        return Present(movies=whole, missing=tuple(missing), broken=tuple(broken))

    def folder(self, described: Described) -> Path:
        """Return the folder that holds all movies of the names of a tilt series; without any, that of the mdoc."""
        paths = [path for name in described.movies for path in self._candidates(name)]
        return Path(os.path.commonpath(map(os.path.dirname, paths))) if paths else described.mdoc.parent

    def _candidates(self, name: str) -> list[str]:
        """Return the movies of a name, or else those that differ in the suffix only."""
        alike = self._paths.get(_stem(name), [])
        return [path for path in alike if path.lower().endswith(f"/{name.lower()}")] or alike


def _stem(path: str) -> str:
    return os.path.splitext(path[path.rfind("/") + 1 :])[0].lower()  # noqa: PTH122 - a path costs ten times as much
