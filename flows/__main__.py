"""The command line: ``cryoem-flows``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.commands import hand_over, simulate
from flows.commands.consensus import consensus
from flows.commands.doctor import doctor
from flows.commands.murfey import murfey, submit
from flows.commands.report import report
from flows.commands.rerun import rerun
from flows.commands.run import app as run_app
from flows.commands.session import requeue, status
from flows.commands.tilt_axis import tilt_axis
from flows.commands.watch import watch
from tasks.errors import CryoemError

app = typer.Typer(help="Cryo-electron-microscopy processing as Prefect flows.", no_args_is_help=True)
app.add_typer(simulate.app, name="simulate", help="Make movies or tilt series whose truth is known.")
app.add_typer(run_app, name="run", help="Run a flow here and now, without a worker.")
app.add_typer(hand_over.app, name="hand-over", help="Hand tilt series over to RELION 5, or to Warp and M.")
app.command()(watch)
app.command()(status)
app.command()(requeue)
app.command()(rerun)
app.command()(report)
app.command()(doctor)
app.command()(murfey)
app.command()(submit)
app.command("tilt-axis")(tilt_axis)
app.command()(consensus)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Folder for data, results and the Prefect server's database.")] = Path(
        ".demo"
    ),
    port: Annotated[int | None, typer.Option(help="Port of the Prefect server; any free one if not given.")] = None,
    stay: Annotated[bool | None, typer.Option(help="Keep the server at the end (default: on a terminal).")] = None,
) -> None:
    """Turn a simulated tilt series into a tomogram, on a Prefect server and worker of its own."""
    # Importing Prefect takes seconds that --help need not wait for.
    from flows.demo import demonstration, simulated  # noqa: PLC0415
    from flows.demonstration import demonstrate  # noqa: PLC0415

    folder = folder.resolve()
    demonstrate(demonstration(simulated(folder)), folder, port, stay=sys.stdin.isatty() if stay is None else stay)


@app.command("demo-spa")
def demo_spa(
    folder: Annotated[Path, typer.Option(help="Folder for data, results and the Prefect server's database.")] = Path(
        ".demo/spa"
    ),
    port: Annotated[int | None, typer.Option(help="Port of the Prefect server; any free one if not given.")] = None,
    stay: Annotated[bool | None, typer.Option(help="Keep the server at the end (default: on a terminal).")] = None,
) -> None:
    """Turn simulated movies of single particles into a density; needs RELION for all after extraction."""
    from flows.demo_spa import demonstration, simulated  # noqa: PLC0415 - as above
    from flows.demonstration import demonstrate  # noqa: PLC0415

    folder = folder.resolve()
    demonstrate(demonstration(simulated(folder)), folder, port, stay=sys.stdin.isatty() if stay is None else stay)


@app.command()
def deploy() -> None:
    """Make the work pool and deploy every flow on the Prefect server that PREFECT_API_URL or the profile names."""
    from flows import local  # noqa: PLC0415 - as above

    typer.echo(local.deploy({}))


def main() -> None:
    """Run the command line; an error of ours is one line for the user, not a traceback."""
    try:
        app()
    except CryoemError as error:
        print(f"cryoem-flows: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
