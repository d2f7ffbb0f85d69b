"""What every item of the ledger goes through: it is done, or there is a reason why not."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from flows.outcomes import failure_of
from tasks.ledger import Arrival, Lease, LeaseLostError, Ledger, Message, Result, fail, finish

REPORT = "report"
"""The target whose messages have a session's report written anew."""


def settle(ledger: Ledger, lease: Lease, work: Callable[[], Sequence[Result]], follows: Sequence[Arrival] = ()) -> None:
    """Do the work on an item and tell the ledger what was found; or why nothing was, and raise that.

    ``follows`` are the items that its end gives rise to.
    """
    news = [news_of(lease)]
    try:
        finish(ledger, lease, work(), news, follows)
    except LeaseLostError:
        # Somebody else has the item, and will tell what becomes of it.
        raise
    except Exception as error:
        with suppress(LeaseLostError):
            fail(ledger, lease, failure_of(error), news)
        raise


def news_of(lease: Lease) -> Message:
    """Return the message that something has changed in a session; one that is not yet sent takes its place."""
    changed = {"kind": lease.kind, "key": lease.key, "attempt": lease.attempt}
    return Message(target=REPORT, key=lease.session, payload=changed, repeat=True)
