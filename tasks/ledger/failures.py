"""Failures: what becomes of an item follows from the kind of its failure and its history."""

from collections.abc import Sequence

from sqlalchemy import update

from tasks.ledger.arrivals import write_arrivals
from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.models import Arrival, Failure, Lease, Message, Verdict
from tasks.ledger.outbox import write_messages
from tasks.ledger.pauses import write_pause
from tasks.ledger.policy import judge
from tasks.ledger.tables import items
from tasks.ledger.transitions import UNLEASED, end_attempt, hold


def fail(
    ledger: Ledger,
    lease: Lease,
    failure: Failure,
    messages: Sequence[Message] = (),
    arrivals: Sequence[Arrival] = (),
) -> Verdict:
    """Record that an attempt failed, and return what becomes of the item.

    Messages and arrivals are written only if it is quarantined: what others must know and do so that the session is
    not held up. Raises LeaseLostError if the lease is lost.
    """

    def work(transaction: Transaction) -> Verdict:
        hold(transaction, lease)
        verdict = settle(transaction, lease, failure)
        if verdict.state == "quarantined":
            write_messages(transaction, messages)
            write_arrivals(transaction, arrivals)
        return verdict

    return ledger.write(work)


def settle(transaction: Transaction, lease: Lease, failure: Failure) -> Verdict:
    """Write down the failure of an item that is locked."""
    earlier = lease.failures.get(failure.kind, 0)
    verdict = judge(failure.kind, earlier)
    log = None if failure.log is None else str(failure.log)
    values = UNLEASED | {
        "state": verdict.state,
        # Not a time of this moment, which a clock that steps back would make a time to wait for.
        "not_before": transaction.now + verdict.wait if verdict.wait else 0.0,
        "reason_kind": failure.kind,
        "reason": failure.reason,
        "log": log,
    }
    if verdict.pause:
        write_pause(transaction, lease.pool, failure, verdict.pause)
    else:
        values["failures"] = lease.failures | {failure.kind: earlier + 1}
    transaction.connection.execute(update(items).where(items.c.id == lease.item).values(values))
    end_attempt(transaction, lease, failure.kind, failure.reason, log)
    return verdict
