"""Add requests: what another system has asked for, word by word."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "requests",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("session_id", NUMBER, nullable=False),
        sa.Column("recipe", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("received", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_requests_session_id"),
        sa.UniqueConstraint("session_id", "recipe", "key", "sequence", name="uq_requests_session_id"),
    )
    op.create_index("ix_requests_item", "requests", ["session_id", "kind", "item"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("requests")
