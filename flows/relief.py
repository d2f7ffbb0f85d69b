"""The change of runs: the next one is called before the present one ends, so that work does not pause meanwhile."""

import time

from flows.events import remind
from tasks.ledger import Ledger, attended, waiting

PATIENCE = 20.0
"""Seconds for which a run whose turn is over works on until another is there; a worker may take but one at a time."""


class Relief:
    """Calls another run when first asked, and tells whether it is there."""

    def __init__(self, ledger: Ledger, session: str, kind: str, patience: float = PATIENCE) -> None:
        self._ledger, self._session, self._kind, self._patience = ledger, session, kind, patience
        self._until: float | None = None
        self._before = 0

    def __call__(self) -> bool:
        """Tell whether the present run may end: another is there, or none comes, or nothing is left for it."""
        if self._until is None:
            return not self._call()
        return self._attended() > self._before or time.monotonic() > self._until

    def _call(self) -> bool:
        self._until, self._before = time.monotonic() + self._patience, self._attended()
        left = [found for found in waiting(self._ledger) if (found.session, found.kind) == (self._session, self._kind)]
        for found in left:
            remind(found)
        return bool(left)

    def _attended(self) -> int:
        return attended(self._ledger, self._session, self._kind)
