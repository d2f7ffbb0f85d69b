"""What every item of the ledger goes through: it is done, or there is a reason why not."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from pydantic import JsonValue

from flows.outcomes import failure_of
from tasks.ispyb import credentials_file
from tasks.ledger import Lease, LeaseLostError, Ledger, Message, Result, Session, fail, find_session, finish

REPORT = "report"
"""The target whose messages have a session's report written anew."""
PROJECT = "project"
"""The target whose messages have a session's project brought up to date."""
TOLD = (REPORT, PROJECT)
"""The targets that are told of every change in a session."""
ANSWERS = "answers"
"""The target whose messages have Murfey answered what became of an item that it asked for."""
MURFEY = "murfey"
"""The target whose messages are the answers themselves, to be published."""
ISPYB = "ispyb"
"""The target whose messages have the rows of an item written to ISPyB."""


def settle(ledger: Ledger, lease: Lease, work: Callable[[], Iterable[Result]]) -> None:
    """Do the work on an item and tell the ledger what was found; or why it went wrong, and raise that.

    What was found until then is kept in either case.
    """
    news, found = all_news_of(ledger, lease), list[Result]()
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


def all_news_of(ledger: Ledger, lease: Lease) -> list[Message]:
    """Return all messages of what has become of an item: to its session, and to others who know the session."""
    session = find_session(ledger, lease.session)
    return [news_of(lease, target) for target in TOLD] + outward(session, lease.kind, lease.key, attempt=lease.attempt)


def news_of(lease: Lease, target: str = REPORT) -> Message:
    """Return the message that something has changed in a session; one that is not yet sent takes its place."""
    changed = {"kind": lease.kind, "key": lease.key, "attempt": lease.attempt}
    return Message(target=target, key=lease.session, payload=changed, repeat=True)


def outward(session: Session, kind: str, key: str, **mark: JsonValue) -> list[Message]:
    """Return the messages that have others told of an item, none of a session that they do not know.

    What they are told is read from the ledger when it is told, by one who may write to ISPyB; here it is enough that
    its credentials are somewhere. The mark says what is new: without that no message is sent once more.
    """
    if not session.identifiers:
        return []
    targets = [*([ANSWERS] if "murfey" in session.identifiers else []), *([ISPYB] if credentials_file() else [])]
    payload: dict[str, JsonValue] = {"session": session.name, "kind": kind, "key": key, **mark}
    named = f"{session.name} {kind} {key}"
    return [Message(target=target, key=named, payload=payload, repeat=True) for target in targets]
