"""How long to wait before the next try."""

from random import uniform


class Backoff:
    """Waits that double from try to try, each cut by chance, so that not all come back to a server at once."""

    def __init__(self, first: float = 1.0, longest: float = 60.0) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def wait(self) -> float:
        """Return the seconds to wait before the next try."""
        full, self._next = self._next, min(2 * self._next, self._longest)
        return uniform(full / 2, full)  # noqa: S311 - nobody gains by guessing it

    def reset(self) -> None:
        """Begin anew after a success."""
        self._next = self._first
