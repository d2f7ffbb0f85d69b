"""Requests: what another system has asked for, word by word, and which item answers it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import JsonValue, NonNegativeFloat, PositiveInt
from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from tasks.ledger.arrivals import write_arrivals
from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger
from tasks.ledger.models import Arrival, Message, Session
from tasks.ledger.outbox import write_messages
from tasks.ledger.sessions import add_identifiers, write_session
from tasks.ledger.tables import items, requests, sessions
from tasks.models import Model


class Asked(Model):
    """A request, as it is in the ledger."""

    session: str
    recipe: str
    """What is asked for, in the words of who asks."""
    key: str
    """What tells the work from other work of the recipe; it may be asked for more than once."""
    kind: str
    """Kind of the item that answers it."""
    item: str
    """Key of the item that answers it."""
    body: str
    """The message as it was received: the order of its keys may mean something."""
    sequence: PositiveInt = 1
    """Which request for this work it is, from 1; the last one counts."""
    times: PositiveInt = 1
    """How often it was received."""
    received: NonNegativeFloat = 0.0
    """When it was received first, in seconds since 1970."""


Tell = Callable[[Sequence[Asked]], Sequence[Message]]
"""Says what others must be told of requests that are new."""

_COLUMNS = (sessions.c.name.label("session"), *(requests.c[name] for name in Asked.model_fields if name != "session"))
ASKED = (
    select(*_COLUMNS)
    .join(sessions, sessions.c.id == requests.c.session_id)
    .where(sessions.c.name == bindparam("whose"))
    .order_by(requests.c.id)
)
_OF_ITEMS = ASKED.where(requests.c.kind == bindparam("of_kind"), requests.c.item.in_(bindparam("keys", expanding=True)))
_OF_RECIPE = ASKED.where(requests.c.recipe == bindparam("what"))
# Two who ask at once must not take the same number; others may add items meanwhile.
_LOCK = select(sessions.c.id).where(sessions.c.name == bindparam("whose")).with_for_update(key_share=True)
_WORK = (
    requests.c.session_id == bindparam("number"),
    requests.c.recipe == bindparam("what"),
    requests.c.key == bindparam("work"),
)
_LAST = select(func.coalesce(func.max(requests.c.sequence), 0)).where(*_WORK)
_SAME = (
    select(requests.c.id, requests.c.kind, requests.c.item)
    .where(*_WORK, requests.c.body == bindparam("words"))
    .order_by(requests.c.sequence.desc())
    .limit(1)
)
_SETTLED = select(items.c.id).where(
    items.c.session_id == bindparam("number"),
    items.c.kind == bindparam("of_kind"),
    items.c.key == bindparam("whose"),
    items.c.state.in_(("done", "quarantined")),
)
_AGAIN = update(requests).where(requests.c.id == bindparam("row")).values(times=requests.c.times + 1)
_NEW = insert(requests).values(times=1, received=NOW)


def _nothing(_new: Sequence[Asked]) -> Sequence[Message]:
    return ()


def ask(  # noqa: PLR0913 - what is written together
    ledger: Ledger,
    session: Session,
    asked: Sequence[Asked],
    arrivals: Sequence[Arrival] = (),
    messages: Tell = _nothing,
    *,
    redelivered: bool = False,
) -> list[Arrival]:
    """Write down requests, what is to be done for them and what others must be told: all or nothing; return the news.

    The session is opened, unless it is open; what others call it is added as it becomes known. A request that is there
    changes nothing but how often it was received, and what is to be done for it was written with it. Only if it was
    answered already and its sender sends it anew, instead of a broker that did not hear of its receipt
    (``redelivered``), is it another request.
    """

    def work(connection: Connection) -> list[Arrival]:
        write_session(connection, session)
        number = int(connection.execute(_LOCK, {"whose": session.name}).scalar_one())
        add_identifiers(connection, session)
        new = [each for one in asked if (each := _write(connection, number, one, redelivered=redelivered))]
        # Items before messages, as whoever finishes an item takes their locks.
        news = write_arrivals(connection, arrivals) if new else []
        write_messages(connection, messages(new))
        return news

    return ledger.write(work)


def requests_of(ledger: Ledger, session: str, kind: str, keys: Sequence[str]) -> dict[str, list[Asked]]:
    """Return the requests that some items answer, by the items' keys, in the order of their receipt."""
    found: defaultdict[str, list[Asked]] = defaultdict(list)
    for each in _read(ledger, _OF_ITEMS, {"whose": session, "of_kind": kind, "keys": keys}):
        found[each.item].append(each)
    return dict(found)


def requests_for(ledger: Ledger, session: str, recipe: str, naming: str = "", keyed: str = "") -> list[Asked]:
    """Return the requests for a recipe in the order of their receipt.

    Only those whose words (``naming``) or key (``keyed``, which is faster) hold a text, if one is given.
    """
    holding = ((requests.c.body, naming), (requests.c.key, keyed))
    query = _OF_RECIPE.where(*(column.contains(text, autoescape=True) for column, text in holding if text))
    return _read(ledger, query, {"whose": session, "what": recipe})


def _read(ledger: Ledger, query: Select[Any], chosen: dict[str, Any]) -> list[Asked]:
    rows: Sequence[Row[Any]] = ledger.read(lambda connection: connection.execute(query, chosen).all())
    return [Asked.model_validate(row._asdict()) for row in rows]


def _write(connection: Connection, number: int, asked: Asked, *, redelivered: bool) -> Asked | None:
    """Write down one request; return it as it is written if it is new."""
    work: dict[str, JsonValue] = {"number": number, "what": asked.recipe, "work": asked.key}
    same = connection.execute(_SAME, work | {"words": asked.body}).one_or_none()
    if same is not None and (redelivered or not _is_settled(connection, number, same)):
        connection.execute(_AGAIN, {"row": same.id})
        return None
    sequence = int(connection.execute(_LAST, work).scalar_one()) + 1
    row = asked.model_dump(include={"recipe", "key", "kind", "item", "body"})
    connection.execute(_NEW, row | {"session_id": number, "sequence": sequence})
    return asked.model_copy(update={"sequence": sequence})


def _is_settled(connection: Connection, number: int, request: Row[Any]) -> bool:
    """Tell whether the item of a request is done or given up."""
    chosen = {"number": number, "of_kind": request.kind, "whose": request.item}
    return connection.execute(_SETTLED, chosen).first() is not None
