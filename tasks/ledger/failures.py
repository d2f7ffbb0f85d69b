"""Failures: what becomes of an item follows from the kind of its failure and its history."""

from collections.abc import Sequence

from sqlalchemy import Connection, Double, bindparam, update

from tasks.ledger.arrivals import write_arrivals
from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger
from tasks.ledger.models import Arrival, Failure, Lease, Message, Result, Verdict
from tasks.ledger.outbox import write_messages
from tasks.ledger.pauses import write_pause
from tasks.ledger.policy import judge
from tasks.ledger.results import write_results
from tasks.ledger.tables import items
from tasks.ledger.transitions import HELD, UNLEASED, end_attempt, hold, holder

_AT_ONCE = update(items).where(HELD).values(UNLEASED | {"not_before": 0.0})
_LATER = _AT_ONCE.values(not_before=NOW + bindparam("wait", type_=Double()))


def fail(  # noqa: PLR0913 - all of it is one transaction
    ledger: Ledger,
    lease: Lease,
    failure: Failure,
    messages: Sequence[Message] = (),
    arrivals: Sequence[Arrival] = (),
    *,
    results: Sequence[Result] = (),
) -> Verdict:
    """Record that an attempt failed, and return what becomes of the item.

    Results are those of the steps that were done before. Messages and arrivals are written only if it is quarantined:
    what others must know and do so that the session is not held up. Raises LeaseLostError if the lease is lost.
    """

    def work(connection: Connection) -> Verdict:
        hold(connection, lease)
        write_results(connection, lease, results)
        verdict = settle(connection, lease, failure)
        if verdict.state == "quarantined":
            write_messages(connection, messages)
            write_arrivals(connection, arrivals)
        return verdict

    return ledger.write(work)


def settle(connection: Connection, lease: Lease, failure: Failure) -> Verdict:
    """Write down the failure of an item that is locked."""
    earlier = lease.failures.get(failure.kind, 0)
    verdict = judge(failure.kind, earlier)
    log = None if failure.log is None else str(failure.log)
    values = {
        "state": verdict.state,
        "failures": lease.failures if verdict.pause else lease.failures | {failure.kind: earlier + 1},
        "reason_kind": failure.kind,
        "reason": failure.reason,
        "log": log,
    }
    # What may be tried at once waits for no time, for a clock that steps back would put it off.
    change = _LATER if verdict.wait else _AT_ONCE
    connection.execute(change, holder(lease) | values | ({"wait": verdict.wait} if verdict.wait else {}))
    end_attempt(connection, lease, failure.kind, failure.reason, log)
    if verdict.pause:
        write_pause(connection, lease.pool, failure, verdict.pause)
    return verdict
