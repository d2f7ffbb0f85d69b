"""The optics groups of several STAR files as one table."""

from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.star_rows import Loop

NUMBER = "rlnOpticsGroup"
_NAME = "rlnOpticsGroupName"


class OpticsGroups:
    """Gather optics groups; those that are equal but for their name and number become one."""

    def __init__(self) -> None:
        self.columns: tuple[str, ...] = ()
        self.rows: list[str] = []
        self.numbers: dict[Path, dict[str, str]] = {}
        """Of each file: the numbers of its groups in this table, by those in the file."""
        self._known: dict[tuple[str, ...], str] = {}

    def add(self, star: Path, loop: Loop) -> None:
        """Add the groups of a file."""
        self.columns = self.columns or loop.columns
        if loop.columns != self.columns or not {NUMBER, _NAME} <= set(loop.columns):
            raise FormatError(star, f"optics columns {' '.join(loop.columns)}", " ".join(self.columns))
        self.numbers[star] = dict(self._place(row.split()) for row in loop.rows)

    def _place(self, words: list[str]) -> tuple[str, str]:
        """Return the number of a group in its file and in this table."""
        name, number = self.columns.index(_NAME), self.columns.index(NUMBER)
        old = words[number]
        essence = tuple(word for place, word in enumerate(words) if place not in {name, number})
        if essence not in self._known:
            new = self._known[essence] = str(len(self._known) + 1)
            words[name], words[number] = f"opticsGroup{new}", new
            self.rows.append("\t".join(words))
        return old, self._known[essence]
