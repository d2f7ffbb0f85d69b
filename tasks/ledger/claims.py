"""Claims: who may work on what, for how long."""

import heapq
from collections import Counter
from dataclasses import dataclass
from random import random
from typing import Any

from sqlalchemy import Connection, Double, Select, bindparam, exists, func, insert, select, update

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger
from tasks.ledger.models import Claimer, Lease
from tasks.ledger.sessions import session_numbers
from tasks.ledger.tables import attempts, items, pauses, sessions
from tasks.ledger.transitions import LEASED, is_, lease_of

# A pause that begins later than now was written by a clock that was wrong.
_PAUSED = exists().where(pauses.c.pool == bindparam("pool"), pauses.c.since <= NOW, pauses.c.until > NOW)
_CLAIMABLE = (items.c.kind == bindparam("kind"), is_("waiting"), items.c.not_before <= NOW, ~_PAUSED)
_SHARES = select(
    sessions.c.id,
    sessions.c.name,
    select(func.count()).where(items.c.session_id == sessions.c.id, is_("running")).scalar_subquery(),
).where(exists().where(items.c.session_id == sessions.c.id, *_CLAIMABLE))
_FIRST = (
    select(items.c.id)
    .where(items.c.session_id == bindparam("session"), *_CLAIMABLE)
    # Our own locks do not keep us from the items that an earlier round has picked.
    .where(items.c.id.not_in(bindparam("picked", expanding=True)))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=items)
)
# The numbers of items do not jump as times do.
_PICK = {
    "newest": _FIRST.order_by(items.c.priority.desc(), items.c.id.desc()),
    "oldest": _FIRST.order_by(items.c.priority.desc(), items.c.id),
}
_LEASE = (
    update(items)
    .where(items.c.id.in_(bindparam("picked", expanding=True)), is_("waiting"))
    .values(state="running", attempt=items.c.attempt + 1, owner=bindparam("worker"))
    .values(lease_from=NOW, lease_until=NOW + bindparam("seconds", type_=Double()))
    .values(first_claimed=func.coalesce(items.c.first_claimed, NOW))
    .returning(items.c.session_id, *LEASED)
)
_ATTEMPT = insert(attempts).values(started=NOW)


@dataclass(frozen=True, order=True)
class _Place:
    """A session from which items are taken."""

    number: int
    name: str


def claim(ledger: Ledger, claimer: Claimer, limit: int = 1) -> list[Lease]:
    """Lease at most so many waiting items; none if nothing is waiting or the pool pauses.

    No item is leased to two at once: each is locked while it changes hands, and those that others are just taking are
    passed over instead of waited for. Without a session in the claimer, the sessions share the workers: who has the
    fewest items running comes first, by lot among equals.
    """
    return ledger.write(lambda connection: _claim(connection, claimer, limit))


def _claim(connection: Connection, claimer: Claimer, limit: int) -> list[Lease]:
    leases: list[Lease] = []
    for kind in claimer.kinds:
        if len(leases) < limit:
            leases += _claim_kind(connection, claimer, kind, limit - len(leases))
    return leases


def _claim_kind(connection: Connection, claimer: Claimer, kind: str, limit: int) -> list[Lease]:
    """Lease items of one kind, session by session; what one session lacks goes to the others."""
    running = _places(connection, claimer, kind)
    names = {place.number: place.name for place in running}
    picked: list[int] = []
    while running and len(picked) < limit:
        for place, share in _shares(running, limit - len(picked)).items():
            what = {"kind": kind, "pool": claimer.pool, "session": place.number, "limit": share, "picked": picked}
            found = connection.scalars(_pick(claimer), what).all()
            picked = [*picked, *found]
            running[place] += len(found)
            if len(found) < share:
                del running[place]
    return _lease(connection, claimer, picked, names) if picked else []


def _pick(claimer: Claimer) -> Select[Any]:
    """Return how the first items of a session are found."""
    first = _PICK[claimer.order]
    return first if claimer.keys is None else first.where(items.c.key.in_(claimer.keys))


def _places(connection: Connection, claimer: Claimer, kind: str) -> dict[_Place, int]:
    """Return the sessions from which a claimer may take, and how many of their items are running."""
    if claimer.session is not None:
        numbers = session_numbers(connection, {claimer.session})
        return {_Place(number, name): 0 for name, number in numbers.items()}
    rows = connection.execute(_SHARES, {"kind": kind, "pool": claimer.pool})
    return {_Place(number, name): count for number, name, count in rows}


def _shares(running: dict[_Place, int], limit: int) -> Counter[_Place]:
    """Give the items that may be taken one by one to the session that has the fewest running."""
    heap = [(count, random(), place) for place, count in running.items()]  # noqa: S311 - a lot, not a secret
    heapq.heapify(heap)
    shares: Counter[_Place] = Counter()
    for _ in range(limit):
        count, lot, place = heap[0]
        shares[place] += 1
        heapq.heapreplace(heap, (count + 1, lot, place))
    return shares


def _lease(connection: Connection, claimer: Claimer, picked: list[int], names: dict[int, str]) -> list[Lease]:
    """Write down who works on the items that were picked, in their order."""
    change = {"picked": picked, "worker": claimer.owner, "seconds": claimer.lease}
    rows = {row.item: row for row in connection.execute(_LEASE, change)}
    who = {"owner": claimer.owner, "pool": claimer.pool}
    connection.execute(_ATTEMPT, [who | {"item_id": row.item, "number": row.attempt} for row in rows.values()])
    return [lease_of(rows[item], names[rows[item].session_id], claimer.pool) for item in picked]
