"""The items of a session as they stand in the ledger."""

from pathlib import Path

from pydantic import JsonValue
from sqlalchemy import and_, bindparam, func, or_, select

from tasks.ledger import FailureKind, Ledger, State
from tasks.ledger.clock import NOW
from tasks.ledger.tables import items, sessions
from tasks.models import Model
from tasks.report.facts import FailedItem, RunningItem


class Item(Model):
    """An item of which more than its number is told; ``now`` is the time of the database."""

    now: float
    kind: str
    key: str
    payload: dict[str, JsonValue]
    state: State
    attempt: int
    arrived: float
    owner: str | None
    lease_from: float | None
    lease_until: float | None
    not_before: float
    reason_kind: FailureKind | None
    reason: str | None

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.payload.get("name") or Path(self.key).name or self.key)

    def running(self) -> RunningItem:
        """Say who works on it."""
        return RunningItem(
            kind=self.kind,
            name=self.name,
            owner=self.owner or "",
            since=self.lease_from or self.now,
            attempt=self.attempt,
            overdue=self.now - (self.lease_until or self.now),
        )

    def failed(self) -> FailedItem | None:
        """Say why it waits for another try; None if it has not failed."""
        if self.reason_kind is None:
            return None
        return FailedItem(
            kind=self.kind,
            name=self.name,
            reason_kind=self.reason_kind,
            reason=self.reason or "",
            wait=max(0.0, self.not_before - self.now),
        )


WHOLE = ("tilt_series", "particle_batch", "classification_3d", "refinement", "b_factor")
"""Kinds of which every item is shown."""
_ITEMS = (
    select(NOW.label("now"), *(items.c[name] for name in Item.model_fields if name != "now"))
    .join(sessions)
    .where(sessions.c.name == bindparam("session"))
    .where(
        or_(
            items.c.kind.in_(WHOLE),
            items.c.state == "running",
            and_(items.c.state == "waiting", items.c.reason_kind.is_not(None)),
        )
    )
    .order_by(items.c.id)
)
_PERIOD = (
    select(func.min(items.c.arrived), func.max(items.c.arrived))
    .join(sessions)
    .where(sessions.c.name == bindparam("session"))
)


def items_of(ledger: Ledger, session: str) -> list[Item]:
    """Return items of which all are shown, and others that run or wait after a failure, in order of arrival."""
    rows = ledger.read(lambda connection: connection.execute(_ITEMS, {"session": session}).all())
    return [Item.model_validate(row._asdict()) for row in rows]


def arrivals_of(ledger: Ledger, session: str) -> tuple[float | None, float | None]:
    """Return when the first and the last item of a session arrived."""
    first, last = ledger.read(lambda connection: connection.execute(_PERIOD, {"session": session}).one())
    return first, last
