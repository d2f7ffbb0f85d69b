"""The tables of an older version become those of this one."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from tasks.errors import InputError

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0005"
"""The revision that this version of the package works with."""

# Any number that nobody else uses in the same database.
_LOCK = 0x6372796F


def revision(connection: Connection) -> str | None:
    """Return the revision of the tables, or None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(connection: Connection) -> None:
    """Make or migrate the tables, once, whoever else is trying; raise InputError if they are newer than we are."""
    from alembic import command  # noqa: PLC0415 - as below
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as below

    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    config = configuration()
    config.attributes["connection"] = connection
    found = revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise InputError("ledger", f"tables of revision {found}", f"at most {NEWEST}; this program is too old for them")
    command.upgrade(config, "head")


def configuration() -> "Config":
    """Return where Alembic finds the migrations."""
    # Takes a third of a second, which only a migration is worth.
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "tasks.ledger:migrations")
    config.set_main_option("path_separator", "os")
    return config
