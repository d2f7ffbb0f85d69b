"""Several works in one transaction, which costs one commit instead of many."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from tasks.ledger.database import Ledger
from tasks.ledger.engine import passes
from tasks.ledger.errors import LedgerError

T = TypeVar("T")


@dataclass(frozen=True)
class _Within(Ledger):
    """A ledger whose verbs belong to a transaction that is open; the errors of the database come as they are."""

    connection: Connection

    def _patiently(self, _engine: Engine, work: Callable[[Connection], T]) -> T:
        return work(self.connection)


def together(ledger: Ledger, works: Sequence[Callable[[Ledger], T]], seconds: float = 1.0) -> list[T | Exception]:
    """Do works in one transaction, one after the other; return what became of each.

    What one of them raises undoes what that one has written, and stands in its place. None is begun after some seconds,
    so that others need not wait for long: then there are fewer outcomes than works. Each may be done more than once.
    """

    def work(connection: Connection) -> list[T | Exception]:
        until, within = time.monotonic() + seconds, _Within(ledger.engine, ledger.patience, connection)
        outcomes: list[T | Exception] = []
        for each in works:
            if outcomes and time.monotonic() > until:
                break
            outcomes.append(_outcome(within, each))
        return outcomes

    return ledger.write(work)


def _outcome(within: _Within, work: Callable[[Ledger], T]) -> T | Exception:
    try:
        with within.connection.begin_nested():
            return work(within)
    except DBAPIError as error:
        if passes(error):
            # All of it is done again.
            raise
        return error
    except LedgerError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the others have nothing to do with it
        return error
