"""``cryoem-flows hand-over``: tilt series for RELION 5, or for Warp and M."""

from pathlib import Path
from typing import Annotated

import typer

from tasks.ledger import find_session, open_ledger
from tasks.settings import Settings

app = typer.Typer(no_args_is_help=True)

_Source = Annotated[str, typer.Argument(help="Name of a session, or the folder of its results or of those of a run.")]
_Target = Annotated[Path | None, typer.Option(help="Folder to write to; by default one beside the results.")]
_Hand = Annotated[int, typer.Option(help="Whether defocus grows (1) or falls (-1) with the height: rlnTomoHand.")]


@app.command()
def warp(source: _Source, folder: _Target = None, hand: _Hand = -1) -> None:
    """Write the aligned tilt series as WarpTools and M read them: .tomostar files, metadata and averages."""
    # Importing the steps takes seconds that --help need not wait for.
    from flows.hand_over import series_in  # noqa: PLC0415
    from tasks.hand_over import write_warp_folder  # noqa: PLC0415

    results = _folder(source)
    target = (folder or results / "warp").resolve()
    names = write_warp_folder(target, series_in(results), 1 if hand > 0 else -1)
    typer.echo(f"{len(names)} tilt series in {target}; run settings.sh there first")


@app.command()
def relion(source: _Source, folder: _Target = None, hand: _Hand = -1) -> None:
    """Write the aligned tilt series as a RELION 5 project; a session has one already, which also knows the movies."""
    from flows.hand_over import series_in  # noqa: PLC0415 - as above
    from tasks.project import write_tomography_project  # noqa: PLC0415

    results = _folder(source)
    target = (folder or results / "relion").resolve()
    found = series_in(results)
    write_tomography_project(target, results.name, found, 1 if hand > 0 else -1)
    typer.echo(f"{len(found)} tilt series in {target}; open it there with relion --tomo")


def _folder(source: str) -> Path:
    """Return the folder of the results of a session, or the one that was given."""
    if Path(source).is_dir():
        return Path(source).resolve()
    ledger = open_ledger(Settings().ledger.get_secret_value())
    try:
        return find_session(ledger, source).folder
    finally:
        ledger.close()
