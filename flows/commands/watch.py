"""``cryoem-flows watch``: what the microscope writes is processed, without anything that announces it."""

import logging
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.commands.service import hook, log_to_standard_error, until_told
from flows.parameters import merged
from tasks.errors import InputError
from tasks.ledger import Ledger, Session, all_sessions, open_ledger, open_session
from tasks.settings import Settings
from tasks.watching import Names, Watch, Watcher

_log = logging.getLogger(__name__)

# The watcher itself waits for a ledger that is away, and can be told to stop meanwhile.
_PATIENCE = 10.0


def watch(  # noqa: PLR0913, PLR0917 - the options of a command line
    folders: Annotated[list[Path], typer.Argument(help="Folders of movies and mdoc files, with those below.")],
    session: Annotated[str, typer.Option(help="Name of the session; it is opened if it is not known.")],
    kind: Annotated[Literal["tomography", "spa"], typer.Option(help="Kind of the session.")] = "tomography",
    project: Annotated[Path | None, typer.Option(help="Folder for the results (default: results/SESSION).")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="A parameter of the session's flow.")] = None,
    movies: Annotated[list[str] | None, typer.Option(help="Names of movies, as '*_fractions.tiff'.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Names that do not count, besides the usual ones.")] = None,
    interval: Annotated[float, typer.Option(help="Seconds between looks.")] = 5,
    settling: Annotated[float, typer.Option(help="Seconds for which a movie must not change.")] = 10,
    mdoc_settling: Annotated[float, typer.Option(help="Seconds for which an mdoc must not change.")] = 180,
    quiet: Annotated[float, typer.Option(help="Seconds without news until a series arrives incomplete.")] = 600,
    patience: Annotated[float, typer.Option(help="Seconds until a broken file is given up.")] = 600,
    events: Annotated[bool, typer.Option(help="Tell the Prefect server what arrives.")] = True,
) -> None:
    """Watch folders of a session until told to stop, and have processed what arrives in them.

    A movie counts when it no longer changes and its header can be read; a tilt series when its mdoc file no longer
    changes and its movies are there. All that has arrived stands in the ledger: stop and start this at any time.
    """
    log_to_standard_error()
    usual = Names()
    what = Watch(
        session=session,
        kind=kind,
        folders=tuple(folder.resolve() for folder in folders),
        results=((project or Path("results") / session).resolve(),),
        names=Names(movies=tuple(movies or usual.movies), ignored=(*usual.ignored, *(ignore or ()))),
        interval=interval,
        settling=settling,
        mdoc_settling=mdoc_settling,
        quiet=quiet,
        patience=patience,
    )
    ledger = open_ledger(Settings().ledger.get_secret_value(), patience=_PATIENCE)
    try:
        _open(ledger, Session(name=session, kind=kind, folder=what.results[0], parameters=merged({}, settings or [])))
        Watcher(what, ledger, hook(ledger) if events else None).run(until_told())
    finally:
        ledger.close()
    _log.info("stopped")


def _open(ledger: Ledger, session: Session) -> None:
    """Open the session; refuse parameters that cannot be used, and others than those with which it was opened."""
    # Importing the steps takes seconds that --help need not wait for.
    from flows.session_kinds import parameters_of  # noqa: PLC0415

    known = {found.name: found for found in all_sessions(ledger)}
    parameters_of(known.get(session.name, session))
    opened = open_session(ledger, session)
    if session.parameters and session.parameters != opened.parameters:
        found = f"--set {session.parameters}"
        raise InputError(f"session {session.name}", found, f"none, or as it was opened: {opened.parameters}")
