"""Files that stay broken are quarantined, with the reason, where people look for what went wrong.

The watcher works on these items itself: it looks into the file once more. So if a person lets such an item be done
again, the file is looked at, and it counts if it has been mended.
"""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    LeaseLostError,
    Ledger,
    Selection,
    State,
    claim,
    fail,
    finish,
    requeue,
)
from tasks.watching.arrivals import BROKEN, of_broken
from tasks.watching.watch import Watch
from tasks.watching.wholeness import problem_of


class BrokenFiles:
    """The broken files of a session."""

    def __init__(self, ledger: Ledger, watch: Watch, arrive: Callable[[Sequence[Arrival]], None]) -> None:
        self._ledger, self._watch, self._arrive = ledger, watch, arrive
        owner = f"watcher {socket.gethostname()} {os.getpid()}"
        self._claimer = Claimer(owner=owner, kinds=(BROKEN,), lease=60, session=watch.session, pool="watch")

    def give_up(self, path: str) -> None:
        """Quarantine a file."""
        self._arrive([of_broken(self._watch, path)])
        # It may have been broken and mended before.
        self._look_again(path, "done")
        self.work()

    def mended(self, path: str) -> None:
        """Take a file that is whole after all out of the quarantine."""
        self._look_again(path, "quarantined")
        self.work()

    def work(self) -> list[str]:
        """Look into the files that wait for it; return those that are whole."""
        whole = []
        while leases := claim(self._ledger, self._claimer, 20):
            for lease in leases:
                problem = problem_of(lease.key)
                with suppress(LeaseLostError):
                    if problem is None:
                        finish(self._ledger, lease)
                        whole.append(lease.key)
                    else:
                        fail(self._ledger, lease, Failure(kind="bad-data", reason=problem))
        return whole

    def _look_again(self, path: str, state: State) -> None:
        chosen = Selection(session=self._watch.session, states=(state,), kinds=(BROKEN,), keys=(path,))
        requeue(self._ledger, chosen, self._claimer.owner)
