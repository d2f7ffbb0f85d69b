"""Requests of Murfey in the ledger, read as what they ask for."""

from collections.abc import Sequence

from tasks.errors import InputError
from tasks.ledger import Asked, Ledger, Session, requests_of
from tasks.murfey import MurfeyRequest, Parsed, parse
from tasks.settings import site


def is_led_by_murfey(session: Session) -> bool:
    """Tell whether a session was opened by a request of Murfey."""
    return "murfey" in session.identifiers


def parsed(body: bytes | str) -> Parsed:
    """Read a message that was received; raise InputError for one that cannot be meant, or that the site forbids."""
    settings = site()
    return parse(body, settings.murfey_recipes, roots=settings.murfey_folders)


def request_in(asked: Asked) -> MurfeyRequest:
    """Return what was asked for; raise InputError if the words of the site are others by now."""
    request = parse(asked.body, site().murfey_recipes).request
    if request is None:
        raise InputError(f"request {asked.key}", asked.recipe, "a recipe of ours")
    return request


def requests_in(asked: Sequence[Asked]) -> list[MurfeyRequest]:
    """Return what was asked for, in the same order."""
    return [request_in(each) for each in asked]


def requests_of_item(ledger: Ledger, session: str, kind: str, key: str) -> list[MurfeyRequest]:
    """Return what was asked for of one item, in the order of receipt."""
    return requests_in(requests_of(ledger, session, kind, [key]).get(key, []))
