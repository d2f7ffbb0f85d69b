"""``cryoem-flows status`` and ``cryoem-flows requeue``: how a session is, and another chance for what was given up."""

import getpass
from typing import Annotated

import typer

from flows.murfey.queues import left_in_queues
from flows.murfey.reconcile import findings, undelivered
from flows.telling import agreed, told
from tasks.ledger import Ledger, Selection, State, find_session, frozen, open_ledger
from tasks.ledger import quarantined as find_quarantined
from tasks.ledger import requeue as put_back
from tasks.ledger import status as measure
from tasks.settings import Settings

Session = Annotated[str, typer.Argument(help="Name of the session.")]


def status(session: Session) -> None:
    """Say how far a session is, how fast, how long it will take, and what was given up and why."""
    ledger = _ledger()
    for line in told(measure(ledger, session), find_quarantined(ledger, session)):
        typer.echo(line)
    for line in agreed(frozen(ledger, session).values()):
        typer.echo(line)
    for words in _stranded(ledger, session):
        typer.echo(f"  stranded: {words}")


def requeue(
    session: Session,
    keys: Annotated[list[str] | None, typer.Argument(help="Keys of items; all that were given up if none.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only items of this kind.")] = None,
    done: Annotated[bool, typer.Option(help="Items that are done too: steps whose input changed are redone.")] = False,
) -> None:
    """Let items that were given up wait again, their failures forgiven."""
    states: tuple[State, ...] = ("quarantined", "done") if done else ("quarantined",)
    chosen = Selection(
        session=session, states=states, kinds=(kind,) if kind else None, keys=tuple(keys) if keys else None
    )
    typer.echo(f"{put_back(_ledger(), chosen, getpass.getuser())} items wait again")


def _stranded(ledger: Ledger, name: str) -> list[str]:
    """Return what will not go on by itself between Murfey and us; what is not told to others may be of any session."""
    session = find_session(ledger, name)
    found = [*findings(ledger, session), *undelivered(ledger), *left_in_queues(Settings(), [session])]
    return [each.words for each in found]


def _ledger() -> Ledger:
    return open_ledger(Settings().ledger.get_secret_value())
