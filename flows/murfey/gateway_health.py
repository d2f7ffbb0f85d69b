"""Whether the gateway does its work: whom it has reached lately, and if not, why not."""

import time
from collections.abc import Callable
from typing import Literal, get_args

Part = Literal["broker", "ledger"]
"""Without whom it cannot work."""


class Health:
    """Told by those who reach the parts, read by the one who asks; what each writes is one value."""

    def __init__(self, patience: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience, self._clock = patience, clock
        self._reached: dict[Part, float] = {}
        self._trouble: dict[Part, str] = {}

    def reached(self, part: Part) -> None:
        """Write down that a part has answered."""
        self._reached[part] = self._clock()
        self._trouble.pop(part, None)

    def lost(self, part: Part, reason: str) -> None:
        """Write down why a part is not reached."""
        self._trouble[part] = reason

    def since(self, part: Part) -> float | None:
        """Return how many seconds ago a part was reached, if ever."""
        reached = self._reached.get(part)
        return None if reached is None else self._clock() - reached

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by parts; an interruption that is short is not."""
        return {part: problem for part in get_args(Part) if (problem := self._problem(part))}

    def _problem(self, part: Part) -> str | None:
        since = self.since(part)
        if since is not None and since <= self._patience:
            return None
        how_long = "not reached yet" if since is None else f"not reached for {since:.0f} s"
        trouble = self._trouble.get(part)
        return f"{how_long}: {trouble}" if trouble else how_long
