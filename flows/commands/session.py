"""``cryoem-flows status`` and ``cryoem-flows requeue``: how a session is, and another chance for what was given up."""

import getpass
from typing import Annotated

import typer

from tasks.ledger import KindStatus, Ledger, Quarantined, Selection, SessionStatus, State, open_ledger
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


def told(found: SessionStatus, given_up: list[Quarantined]) -> list[str]:
    """Return the lines that tell the status of a session."""
    remaining = "not known yet" if found.remaining is None else _duration(found.remaining)
    lines = [f"{found.session}: done in {remaining}" if any(kind.open for kind in found.kinds) else found.session]
    lines += [f"  {_counts(kind)}" for kind in found.kinds] or ["  nothing has arrived"]
    for item in given_up:
        log = f" (log: {item.log})" if item.log else ""
        lines.append(f"  given up: {item.kind} {item.key}: {item.reason_kind}: {item.reason}{log}")
    return lines


def _counts(kind: KindStatus) -> str:
    counts = ", ".join(f"{getattr(kind, state)} {state}" for state in ("waiting", "running", "done", "quarantined"))
    speed = "" if kind.duration is None else f"; {_duration(kind.duration)} each"
    rate = "" if kind.rate is None else f", {kind.rate * 3600:.0f} an hour"
    return f"{kind.kind}: {counts}{speed}{rate}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _ledger() -> Ledger:
    return open_ledger(Settings().ledger.get_secret_value())
