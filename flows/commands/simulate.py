"""``cryoem-flows simulate``: data whose truth is known."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from flows.parameters import merged, problems
from tasks.errors import InputError
from tasks.models import Model
from tasks.simulation import SimulatedMovies, SimulatedTiltSeries

app = typer.Typer(no_args_is_help=True)
Simulated = TypeVar("Simulated", bound=Model)

Folder = Annotated[Path, typer.Option(help="Folder to write to.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same data.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="Any parameter, as thickness=2000 or beads=12.")]


@app.command("tilt-series")
def tilt_series(folder: Folder = Path("simulated"), seed: Seed = 0, settings: Settings = None) -> None:
    """Simulate a tilt series of a slab of a cell: movies, gain reference, mdoc and truth.json."""
    _simulated(SimulatedTiltSeries, {"seed": seed}, settings).simulate(folder.resolve())
    typer.echo(folder.resolve() / "truth.json")


@app.command()
def movies(folder: Folder = Path("simulated"), seed: Seed = 0, settings: Settings = None) -> None:
    """Simulate movies of single particles: movies, gain reference and truth.json."""
    _simulated(SimulatedMovies, {"seed": seed}, settings).simulate(folder.resolve())
    typer.echo(folder.resolve() / "truth.json")


def _simulated(kind: type[Simulated], parameters: dict[str, Any], settings: list[str] | None) -> Simulated:
    """Check the parameters; the names of all of them are those of the model's fields."""
    try:
        return kind.model_validate(merged(parameters, settings or []))
    except ValidationError as error:
        raise InputError("--set", problems(error), f"parameters among {', '.join(kind.model_fields)}") from error
