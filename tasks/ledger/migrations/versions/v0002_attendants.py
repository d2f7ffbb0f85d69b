"""Add attendants: who is working off what waits, so that nobody else need be started."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "attendants",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=True),
        sa.Column("seen", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "kind", name="pk_attendants"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("attendants")
