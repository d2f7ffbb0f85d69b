"""``cryoem-flows rerun``: a session again with other parameters."""

import getpass
from typing import Annotated

import typer

from tasks.ledger import open_ledger
from tasks.settings import Settings


def rerun(
    session: Annotated[str, typer.Argument(help="Name of the session.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter of the session, as ctf_estimator.box_size=512.")
    ] = None,
    events: Annotated[bool, typer.Option(help="Tell the Prefect server, so that runs start at once.")] = True,
) -> None:
    """Change parameters of a session; what depends on them is computed again, all else is used as it is."""
    # Importing Prefect takes seconds that --help need not wait for.
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    from flows import rerun as flow  # noqa: PLC0415

    ledger = open_ledger(Settings().ledger.get_secret_value())
    again = flow.rerun(ledger, session, settings or [], getpass.getuser())
    typer.echo(f"{again} items wait again")
    if events and PREFECT_API_URL.value() is not None:
        flow.tell(ledger, session)
