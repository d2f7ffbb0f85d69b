import time

import pytest
from sqlalchemy import text

from tasks.errors import InputError
from tasks.ledger import Arrival, Claimer, Ledger, LedgerError, arrive, claim, together, waiting


def arrival(key: str) -> Arrival:
    return Arrival(session="grid", kind="movie", key=key, payload={})


def write(key: str):
    return lambda ledger: arrive(ledger, [arrival(key)])


def there(ledger: Ledger, worker: Claimer) -> list[str]:
    return sorted(lease.key for lease in claim(ledger, worker, 100))


def test_works_are_written_in_one_transaction(ledger: Ledger, worker: Claimer) -> None:
    seen = []

    def look(within: Ledger) -> None:
        assert within is not ledger
        seen.extend((len(waiting(within)), len(waiting(ledger))))

    outcomes = together(ledger, [write("a"), write("b"), look])
    assert outcomes == [[arrival("a")], [arrival("b")], None]
    # What it has written is seen within, and not yet by others.
    assert seen == [1, 0]
    assert there(ledger, worker) == ["a", "b"]


def test_what_fails_undoes_what_it_has_written_and_no_more(ledger: Ledger, worker: Claimer) -> None:
    def fails(within: Ledger) -> None:
        arrive(within, [arrival("lost")])
        raise InputError("message", "nothing", "something")

    def is_refused(within: Ledger) -> None:
        arrive(within, [arrival("lost")])
        within.write(lambda connection: connection.execute(text("INSERT INTO items (key) VALUES ('x')")))

    first, second, third, fourth = together(ledger, [write("a"), fails, is_refused, write("b")])
    assert isinstance(second, InputError)
    assert "null" in str(third).lower()
    assert (first, fourth) == ([arrival("a")], [arrival("b")])
    assert there(ledger, worker) == ["a", "b"]


def test_works_that_cannot_be_begun_in_time_are_left(ledger: Ledger, worker: Claimer) -> None:
    def slow(within: Ledger) -> None:
        arrive(within, [arrival("slow")])
        time.sleep(0.05)

    assert len(together(ledger, [slow, slow, write("a")], seconds=0)) == 1
    assert there(ledger, worker) == ["slow"]


def test_a_ledger_that_goes_away_undoes_all(ledger: Ledger, worker: Claimer) -> None:
    def away(_within: Ledger) -> None:
        raise LedgerError("the ledger did not answer")

    with pytest.raises(LedgerError, match="did not answer"):
        together(ledger, [write("a"), away])
    assert there(ledger, worker) == []
