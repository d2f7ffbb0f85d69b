"""Claims: who may work on what, for how long."""

import heapq
from collections import Counter
from collections.abc import Sequence
from random import random
from typing import Any

from sqlalchemy import Select, exists, func, insert, select, update

from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.models import Claimer, Lease
from tasks.ledger.sessions import session_ids
from tasks.ledger.tables import attempts, items, pauses, sessions
from tasks.ledger.transitions import LEASED, is_, lease_of


def claim(ledger: Ledger, claimer: Claimer, limit: int = 1) -> list[Lease]:
    """Lease at most so many waiting items; none if nothing is waiting or the pool pauses.

    No item is leased to two at once: each is locked while it changes hands, and those that others are just taking are
    passed over instead of waited for. Without a session in the claimer, the sessions share the workers: who has the
    fewest items running comes first, by lot among equals.
    """
    return ledger.write(lambda transaction: _claim(transaction, claimer, limit))


def _claim(transaction: Transaction, claimer: Claimer, limit: int) -> list[Lease]:
    leases: list[Lease] = []
    for kind in claimer.kinds:
        leases += _claim_kind(transaction, claimer, kind, limit - len(leases))
    return leases


def _claim_kind(transaction: Transaction, claimer: Claimer, kind: str, limit: int) -> list[Lease]:
    """Lease items of one kind, session by session; what one session lacks goes to the others."""
    running = _sessions(transaction, claimer, kind) if limit else {}
    names: dict[int, str] = {}
    picked: list[int] = []
    while running and len(picked) < limit:
        for session, share in _shares(running, limit - len(picked)).items():
            found = _pick(transaction, claimer, (session[0], kind), share, picked)
            picked += found
            names[session[0]] = session[1]
            running[session] += len(found)
            if len(found) < share:
                del running[session]
    return _lease(transaction, claimer, picked, names)


def _shares(running: dict[tuple[int, str], int], limit: int) -> Counter[tuple[int, str]]:
    """Give each place to the session that has the fewest."""
    heap = [(count, random(), session) for session, count in running.items()]  # noqa: S311 - a lot, not a secret
    heapq.heapify(heap)
    shares: Counter[tuple[int, str]] = Counter()
    for _ in range(limit):
        count, lot, session = heap[0]
        shares[session] += 1
        heapq.heapreplace(heap, (count + 1, lot, session))
    return shares


def _sessions(transaction: Transaction, claimer: Claimer, kind: str) -> dict[tuple[int, str], int]:
    """Return the sessions (number and name) from which a claimer may take, and how many of their items are running."""
    if claimer.session is not None:
        ids = session_ids(transaction, {claimer.session})
        return {(number, name): 0 for name, number in ids.items()}
    running = select(func.count()).where(items.c.session_id == sessions.c.id, is_("running")).scalar_subquery()
    waiting = exists().where(items.c.session_id == sessions.c.id, *_claimable(transaction, claimer, kind))
    query = select(sessions.c.id, sessions.c.name, running).where(waiting)
    return {(number, name): count for number, name, count in transaction.connection.execute(query)}


def _claimable(transaction: Transaction, claimer: Claimer, kind: str) -> tuple[Any, ...]:
    """Return the conditions under which an item may be leased; a pause from the future is a clock that was wrong."""
    now = transaction.now
    paused = exists().where(pauses.c.pool == claimer.pool, pauses.c.since <= now, pauses.c.until > now)
    return items.c.kind == kind, is_("waiting"), items.c.not_before <= now, ~paused


def _pick(
    transaction: Transaction, claimer: Claimer, place: tuple[int, str], limit: int, picked: Sequence[int]
) -> list[int]:
    """Lock the first waiting items of a session and kind that nobody else is just taking."""
    session, kind = place
    query: Select[tuple[int]] = (
        select(items.c.id)
        .where(items.c.session_id == session, *_claimable(transaction, claimer, kind))
        .order_by(*_order(claimer))
        .limit(limit)
        .with_for_update(skip_locked=True, of=items)
    )
    # Our own locks do not keep us from the items that an earlier round has picked.
    return list(transaction.connection.scalars(query.where(items.c.id.not_in(picked)) if picked else query))


def _order(claimer: Claimer) -> tuple[Any, ...]:
    """Return the order of the items, by their numbers: these do not jump as times do."""
    newest = claimer.order == "newest"
    return items.c.priority.desc(), items.c.id.desc() if newest else items.c.id


def _lease(transaction: Transaction, claimer: Claimer, picked: list[int], names: dict[int, str]) -> list[Lease]:
    """Write down who works on the items that were picked, in their order."""
    if not picked:
        return []
    now = transaction.now
    statement = (
        update(items)
        .where(items.c.id.in_(picked), is_("waiting"))
        .values(state="running", attempt=items.c.attempt + 1, owner=claimer.owner)
        .values(lease_from=now, lease_until=now + claimer.lease)
        .values(first_claimed=func.coalesce(items.c.first_claimed, now))
        .returning(items.c.session_id, *LEASED)
    )
    rows = {row.item: row for row in transaction.connection.execute(statement)}
    transaction.connection.execute(
        insert(attempts).values(owner=claimer.owner, pool=claimer.pool, started=now),
        [{"item_id": row.item, "number": row.attempt} for row in rows.values()],
    )
    return [lease_of(rows[item], names[rows[item].session_id], claimer.pool) for item in picked]
