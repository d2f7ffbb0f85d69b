"""``cryoem-flows report``: the page of a session, for a browser."""

from typing import Annotated

import typer

from tasks.ledger import open_ledger
from tasks.settings import Settings


def report(session: Annotated[str, typer.Argument(help="Name of the session.")]) -> None:
    """Write the report of a session as it is now, and say where it is."""
    # Importing Prefect takes seconds that --help need not wait for.
    from tasks.report.session import write_session_report  # noqa: PLC0415

    ledger = open_ledger(Settings().ledger.get_secret_value())
    try:
        typer.echo(write_session_report(ledger, session))
    finally:
        ledger.close()
