"""The tables of the ledger, with the invariants that the database itself keeps.

A change here needs a migration; a test compares the two.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite numbers rows by itself only if the key is called INTEGER. JSONB can be compared; SQLite compares the text,
# which is written with sorted keys.
Number = BigInteger().with_variant(Integer(), "sqlite")
Document = JSON().with_variant(JSONB(), "postgresql")


def _index(name: str, *columns: str | ColumnElement[Any], where: str | None = None) -> Index:
    condition = None if where is None else text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


sessions = Table(
    "sessions",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("folder", String, nullable=False),
    Column("parameters", Document, nullable=False),
    Column("identifiers", Document, nullable=False),
    Column("created", Double, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("id", Number, primary_key=True),
    Column("session_id", Number, ForeignKey(sessions.c.id), nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("payload", Document, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", String, nullable=False),
    # Grows whenever the item changes hands: only who holds the present number may finish it.
    Column("attempt", Integer, nullable=False),
    Column("failures", Document, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("owner", String),
    Column("lease_from", Double),
    Column("lease_until", Double),
    Column("reason_kind", String),
    Column("reason", String),
    Column("log", String),
    Column("arrived", Double, nullable=False),
    Column("first_claimed", Double),
    Column("finished", Double),
    UniqueConstraint("session_id", "kind", "key"),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'quarantined')", name="state"),
    CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="leased_while_running"),
    CheckConstraint("(state = 'done') = (finished IS NOT NULL)", name="finished_when_done"),
    CheckConstraint("state <> 'quarantined' OR reason_kind IS NOT NULL", name="quarantined_for_a_reason"),
    # Read backwards; ix_items_oldest is read forwards, so that neither sorts what is waiting.
    _index("ix_items_newest", "session_id", "kind", "priority", "id", where="state = 'waiting'"),
    # The state stands in these once more, because SQLite reads it from the row if it is in the condition only.
    _index("ix_items_running", "state", "session_id", "lease_until", where="state = 'running'"),
    _index("ix_items_delayed", "state", "not_before", where="state = 'waiting' AND not_before > 0"),
    _index("ix_items_state", "session_id", "kind", "state", "finished"),
)

_index(
    "ix_items_oldest",
    items.c.session_id,
    items.c.kind,
    items.c.priority.desc(),
    items.c.id,
    where="state = 'waiting'",
)

attempts = Table(
    "attempts",
    metadata,
    Column("item_id", Number, ForeignKey(items.c.id), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("owner", String, nullable=False),
    Column("pool", String),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column("outcome", String),
    Column("reason", String),
    Column("log", String),
    CheckConstraint("(ended IS NULL) = (outcome IS NULL)", name="outcome_at_the_end"),
    # The rows are found by their key alone, so SQLite need not keep them twice.
    sqlite_with_rowid=False,
)

results = Table(
    "results",
    metadata,
    Column("item_id", Number, ForeignKey(items.c.id), primary_key=True),
    Column("step", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("result", Document, nullable=False),
    Column("tool", String, nullable=False),
    Column("version", String, nullable=False),
    Column("command", String, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("peak_memory", Double),
    Column("host", String, nullable=False),
    Column("flow_run", String, nullable=False),
    Column("recorded", Double, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True),
    Column("target", String, nullable=False),
    Column("key", String, nullable=False),
    Column("payload", Document, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Double, nullable=False),
    Column("error", String),
    Column("posted", Double, nullable=False),
    Column("sent", Double),
    UniqueConstraint("target", "key"),
    CheckConstraint("state IN ('pending', 'sent', 'dead')", name="state"),
    CheckConstraint("state <> 'sent' OR sent IS NOT NULL", name="sent_when_sent"),
    _index("ix_outbox_pending", "target", "id", where="state = 'pending'"),
    _index("ix_outbox_dead", "target", "id", where="state = 'dead'"),
    _index("ix_outbox_delayed", "state", "next_try", where="state = 'pending' AND next_try > 0"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("pool", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False),
)

attendants = Table(
    "attendants",
    metadata,
    Column("owner", String, primary_key=True),
    Column("kind", String, primary_key=True),
    # None for all sessions.
    Column("session", String),
    Column("seen", Double, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Number, primary_key=True),
    Column("session_id", Number, ForeignKey(sessions.c.id), nullable=False),
    Column("recipe", String, nullable=False),
    Column("key", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", String, nullable=False),
    # What is to be done for it may be decided later, so this need not be there yet.
    Column("item", String, nullable=False),
    # Not a document: the order of its keys may mean something.
    Column("body", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("received", Double, nullable=False),
    UniqueConstraint("session_id", "recipe", "key", "sequence"),
    Index("ix_requests_item", "session_id", "kind", "item"),
)

estimates = Table(
    "estimates",
    metadata,
    Column("session_id", Number, ForeignKey(sessions.c.id), primary_key=True),
    Column("name", String, primary_key=True),
    Column("estimate", Document, nullable=False),
    Column("frozen", Double, nullable=False),
)
