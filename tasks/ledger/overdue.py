"""What has been without an answer for long: requests whose items are not done, messages that are not sent."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import NonNegativeFloat, PositiveInt
from sqlalchemy import and_, bindparam, func, or_, select, union_all

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger
from tasks.ledger.models import State
from tasks.ledger.outbox import DEAD, PENDING
from tasks.ledger.requests import ASKED, Asked
from tasks.ledger.tables import items, outbox, requests, sessions
from tasks.models import Model

_AGE = NOW - requests.c.received
_ITS_ITEM = and_(
    items.c.session_id == requests.c.session_id, items.c.kind == requests.c.kind, items.c.key == requests.c.item
)
_OVERDUE = (
    select(requests.c.recipe, items.c.state, func.count().label("number"), func.max(_AGE).label("age"))
    .join(sessions, sessions.c.id == requests.c.session_id)
    .outerjoin(items, _ITS_ITEM)
    .where(
        sessions.c.name == bindparam("whose"),
        bindparam("seconds") <= _AGE,
        or_(items.c.state.is_(None), items.c.state.in_(("waiting", "running"))),
    )
    .group_by(requests.c.recipe, items.c.state)
    .order_by(requests.c.recipe, items.c.state)
)
_SETTLED = ASKED.join(items, _ITS_ITEM).where(
    requests.c.recipe.in_(bindparam("recipes", expanding=True)),
    bindparam("seconds") <= _AGE,
    items.c.state.in_(("done", "quarantined")),
)
_HEARD = (
    select(requests.c.key, requests.c.received, requests.c.body)
    .join(sessions, sessions.c.id == requests.c.session_id)
    .where(sessions.c.name == bindparam("whose"), requests.c.recipe == bindparam("what"))
    .order_by(requests.c.id)
)
_COUNTED = select(
    outbox.c.target,
    outbox.c.state,
    func.count().label("number"),
    func.max(NOW - outbox.c.posted).label("age"),
    func.max(outbox.c.error).label("error"),
).group_by(outbox.c.target, outbox.c.state)
# Each by its index: those that were sent are many more.
_UNSENT = union_all(
    _COUNTED.where(DEAD), _COUNTED.where(PENDING, NOW - outbox.c.posted >= bindparam("seconds"))
).order_by("target", "state")


class Heard(NamedTuple):
    """What tells when something was asked for: of thousands a model of each would cost more than reading it."""

    key: str
    received: float
    body: str


class Overdue(Model):
    """Requests of one recipe that have been without a result for long."""

    recipe: str
    state: State | None
    """That of their items; None if there are no such items yet."""
    number: PositiveInt
    age: NonNegativeFloat
    """Seconds since the first of them was received."""


class Unsent(Model):
    """Messages to one target that were given up, or that nobody has been able to send for long."""

    target: str
    state: str
    number: PositiveInt
    age: NonNegativeFloat
    """Seconds since the first of them was written."""
    error: str | None
    """What went wrong with one of them, if anything did."""


def overdue(ledger: Ledger, session: str, seconds: float) -> list[Overdue]:
    """Return the requests of a session that came at least so many seconds ago and have no result yet."""
    chosen = {"whose": session, "seconds": seconds}
    rows = ledger.read(lambda connection: connection.execute(_OVERDUE, chosen).all())
    return [Overdue.model_validate(row._asdict()) for row in rows]


def heard(ledger: Ledger, session: str, recipe: str) -> list[Heard]:
    """Return when what was asked for with a recipe, in the order of receipt."""
    rows = ledger.read(lambda connection: connection.execute(_HEARD, {"whose": session, "what": recipe}).all())
    return [Heard(*row) for row in rows]


def settled(ledger: Ledger, session: str, recipes: Sequence[str], seconds: float) -> list[Asked]:
    """Return the requests for some recipes that came at least so many seconds ago, and whose items are settled."""
    chosen = {"whose": session, "recipes": recipes, "seconds": seconds}
    rows = ledger.read(lambda connection: connection.execute(_SETTLED, chosen).all())
    return [Asked.model_validate(row._asdict()) for row in rows]


def message_keys(ledger: Ledger, target: str, beginning: str, *, pending: bool = False) -> list[str]:
    """Return the keys of the messages to a target that begin in some way; only of those not sent yet, if so wished."""
    query = select(outbox.c.key).where(outbox.c.target == target, outbox.c.key.startswith(beginning, autoescape=True))
    query = query.where(outbox.c.state == "pending") if pending else query
    return list(ledger.read(lambda connection: connection.scalars(query).all()))


def unsent(ledger: Ledger, seconds: float) -> list[Unsent]:
    """Return the messages that were given up, and those that were written at least so many seconds ago."""
    rows = ledger.read(lambda connection: connection.execute(_UNSENT, {"seconds": seconds}).all())
    return [Unsent.model_validate(row._asdict()) for row in rows]
