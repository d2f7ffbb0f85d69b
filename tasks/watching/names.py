"""Which files count, by their names."""

import re
from fnmatch import translate
from functools import cached_property
from typing import Literal

from tasks.models import Model

Kind = Literal["movie", "mdoc"]

TEMPORARY = (".*", "~*", "*~", "*.part", "*.partial", "*.filepart", "*.tmp", "*.temp", "*.crdownload")
"""Files that are being copied, by rsync (.name.XXXXXX), WinSCP, browsers and others; and what is hidden."""
REFERENCES = ("gain.*", "*[_-]gain[._-]*", "*GainRef*", "CountRef*", "SuperRef*", "defects*", "*[_-]defects*")
"""References of the camera, which lie beside the movies in the same formats."""


class Names(Model):
    """Patterns of names, such as ``*.eer``, as in a shell; capitals and small letters are the same."""

    movies: tuple[str, ...] = ("*.eer", "*.tif", "*.tiff", "*.mrc", "*.mrcs")
    """Movies."""
    mdocs: tuple[str, ...] = ("*.mdoc",)
    """Files that describe tilt series."""
    ignored: tuple[str, ...] = (*TEMPORARY, *REFERENCES)
    """Files and folders that do not count, whatever else fits them."""

    def without_mdocs(self) -> "Names":
        """Return the patterns for a session without tilt series."""
        return Names(movies=self.movies, mdocs=(), ignored=self.ignored)

    def kind(self, name: str) -> Kind | None:
        """Return what a file is; none if it does not count."""
        if self._ignored.match(name):
            return None
        if self._mdocs.match(name):
            return "mdoc"
        return "movie" if self._movies.match(name) else None

    def is_ignored(self, name: str) -> bool:
        """Tell whether a file or a folder does not count."""
        return bool(self._ignored.match(name))

    @cached_property
    def _ignored(self) -> re.Pattern[str]:
        return _any_of(self.ignored)

    @cached_property
    def _mdocs(self) -> re.Pattern[str]:
        return _any_of(self.mdocs)

    @cached_property
    def _movies(self) -> re.Pattern[str]:
        return _any_of(self.movies)


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return an expression that fits where one of the patterns does; without patterns it fits nothing."""
    return re.compile("|".join(map(translate, patterns)) or r"(?!)", re.IGNORECASE)
