"""``cryoem-flows consensus``: what the items of a session agree on."""

from typing import Annotated

import typer

from flows.telling import agreed
from tasks.ledger import open_ledger
from tasks.settings import Settings


def consensus(
    session: Annotated[str, typer.Argument(help="Name of the session.")],
    again: Annotated[bool, typer.Option(help="Forget what is settled, and ask the first items again.")] = False,
) -> None:
    """Say what the first items of a session agree on: tilt axis, hand, gain, pixel size, dose; settle what is not."""
    # Importing a step imports Prefect, which takes seconds that --help need not wait for.
    from flows.consensus import settled_consensus  # noqa: PLC0415

    ledger = open_ledger(Settings().ledger.get_secret_value())
    known = settled_consensus(ledger, session, anew=again)
    for line in agreed(known.values()) or ["  too few items are done to tell"]:
        typer.echo(line)
