"""Add estimates: what the items of a session agree on, settled once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "estimates",
        sa.Column("session_id", NUMBER, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("estimate", DOCUMENT, nullable=False),
        sa.Column("frozen", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "name", name="pk_estimates"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_estimates_session_id"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("estimates")
