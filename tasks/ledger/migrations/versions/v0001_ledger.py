"""Make the ledger: sessions, items, attempts, results, outbox, pauses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Apply the change."""
    _sessions()
    _items()
    _attempts()
    _results()
    _outbox()
    _pauses()


def downgrade() -> None:
    """Take the change back."""
    for table in ("pauses", "outbox", "results", "attempts", "items", "sessions"):
        op.drop_table(table)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("parameters", DOCUMENT, nullable=False),
        sa.Column("identifiers", DOCUMENT, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("name", name="uq_sessions_name"),
    )


def _items() -> None:
    op.create_table(
        "items",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("session_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", DOCUMENT, nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("lease_from", sa.Double()),
        sa.Column("lease_until", sa.Double()),
        sa.Column("reason_kind", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("log", sa.String()),
        sa.Column("arrived", sa.Double(), nullable=False),
        sa.Column("first_claimed", sa.Double()),
        sa.Column("finished", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_items_session_id"),
        sa.UniqueConstraint("session_id", "kind", "key", name="uq_items_session_id"),
        _check("state IN ('waiting', 'running', 'done', 'quarantined')", "ck_items_state"),
        _check("(state = 'running') = (lease_until IS NOT NULL)", "ck_items_leased_while_running"),
        _check("(state = 'done') = (finished IS NOT NULL)", "ck_items_finished_when_done"),
        _check("state <> 'quarantined' OR reason_kind IS NOT NULL", "ck_items_quarantined_for_a_reason"),
    )
    _index("ix_items_oldest", "items", ["session_id", "kind", sa.text("priority DESC"), "id"], "state = 'waiting'")
    _index("ix_items_newest", "items", ["session_id", "kind", "priority", "id"], "state = 'waiting'")
    _index("ix_items_running", "items", ["state", "session_id", "lease_until"], "state = 'running'")
    _index("ix_items_delayed", "items", ["state", "not_before"], "state = 'waiting' AND not_before > 0")
    _index("ix_items_state", "items", ["session_id", "kind", "state", "finished"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("item_id", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("pool", sa.String()),
        sa.Column("started", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double()),
        sa.Column("outcome", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("log", sa.String()),
        sa.PrimaryKeyConstraint("item_id", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_attempts_item_id"),
        _check("(ended IS NULL) = (outcome IS NULL)", "ck_attempts_outcome_at_the_end"),
        sqlite_with_rowid=False,
    )


def _results() -> None:
    op.create_table(
        "results",
        sa.Column("item_id", NUMBER, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("result", DOCUMENT, nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("peak_memory", sa.Double()),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("flow_run", sa.String(), nullable=False),
        sa.Column("recorded", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "step", name="pk_results"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_results_item_id"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.Double(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("posted", sa.Double(), nullable=False),
        sa.Column("sent", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("target", "key", name="uq_outbox_target"),
        _check("state IN ('pending', 'sent', 'dead')", "ck_outbox_state"),
        _check("state <> 'sent' OR sent IS NOT NULL", "ck_outbox_sent_when_sent"),
    )
    _index("ix_outbox_pending", "outbox", ["target", "id"], "state = 'pending'")
    _index("ix_outbox_delayed", "outbox", ["state", "next_try"], "state = 'pending' AND next_try > 0")


def _pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("pool", name="pk_pauses"),
    )


def _check(condition: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(name))


def _index(name: str, table: str, columns: list[str | sa.TextClause], where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
