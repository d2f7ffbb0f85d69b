"""What every item of the ledger goes through: it is done, or there is a reason why not."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from flows.outcomes import failure_of
from tasks.ledger import Lease, LeaseLostError, Ledger, Message, Result, fail, finish

REPORT = "report"
"""The target whose messages have a session's report written anew."""
PROJECT = "project"
"""The target whose messages have a session's project brought up to date."""
TOLD = (REPORT, PROJECT)
"""The targets that are told of every change in a session."""


def settle(ledger: Ledger, lease: Lease, work: Callable[[], Iterable[Result]]) -> None:
    """Do the work on an item and tell the ledger what was found; or why it went wrong, and raise that.

    What was found until then is kept in either case.
    """
    news, found = [news_of(lease, target) for target in TOLD], list[Result]()
    try:
        for result in work():
            found.append(result)
        finish(ledger, lease, found, news)
    except LeaseLostError:
        # Somebody else has the item, and will tell what becomes of it.
        raise
    except Exception as error:
        with suppress(LeaseLostError):
            fail(ledger, lease, failure_of(error), news, results=found)
        raise


def news_of(lease: Lease, target: str = REPORT) -> Message:
    """Return the message that something has changed in a session; one that is not yet sent takes its place."""
    changed = {"kind": lease.kind, "key": lease.key, "attempt": lease.attempt}
    return Message(target=target, key=lease.session, payload=changed, repeat=True)
