"""Add an index of the messages that were given up, so that they are found among millions that were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply the change."""
    dead = sa.text("state = 'dead'")
    op.create_index("ix_outbox_dead", "outbox", ["target", "id"], sqlite_where=dead, postgresql_where=dead)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_outbox_dead", "outbox")
