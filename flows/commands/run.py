"""``cryoem-flows run``: a flow in this process, on one's own data."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from flows.parameters import Tree, merged, problems, with_tools
from tasks.errors import InputError
from tasks.models import Model

Given = TypeVar("Given", bound=Model)
Made = TypeVar("Made", bound=Model)

app = typer.Typer(no_args_is_help=True)


@app.callback()
def run() -> None:
    """Run a flow here and now."""


@app.command()
def tomography(  # noqa: PLR0913, PLR0917 - the options of a command line
    mdoc: Annotated[Path | None, typer.Option(help="Mdoc of the tilt series (SerialEM or Tomo5).")] = None,
    frames: Annotated[
        Path | None,
        typer.Option(help="Folder of the movies or images; without --mdoc their names must say series, number, angle."),
    ] = None,
    stack: Annotated[Path | None, typer.Option(help="A finished stack instead of movies.")] = None,
    angles: Annotated[Path | None, typer.Option(help="Tilt angles of the stack (.rawtlt, .tlt or .mdoc).")] = None,
    pixel_size: Annotated[float | None, typer.Option(help="Pixel size in angstrom.")] = None,
    dose: Annotated[float | None, typer.Option(help="Dose of one frame in electron per square angstrom.")] = None,
    voltage: Annotated[float | None, typer.Option(help="Voltage in kilovolt.")] = None,
    gain: Annotated[Path | None, typer.Option(help="Gain reference (MRC, TIFF or DM4).")] = None,
    tilt_axis: Annotated[float | None, typer.Option(help="Tilt axis in degree, counter-clockwise from y.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the series (default: of the file); picks a series of a folder.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("results"),
    settings: Annotated[list[str] | None, typer.Option("--set", help="Any parameter, as denoiser.tool=topaz.")] = None,
) -> None:
    """Process one tilt series to a denoised tomogram."""
    acquisition = _given(
        pixel_size=pixel_size, dose_per_frame=dose, voltage=voltage, gain=gain and {"path": gain.resolve()}
    )
    if stack:
        optics = _given(voltage=voltage)
        source = _given(
            kind="stack", stack=stack, angles=angles, pixel_size=pixel_size, tilt_axis_angle=tilt_axis, optics=optics
        )
    elif mdoc:
        source = _given(
            kind="mdoc", mdoc=mdoc, frames=frames or mdoc.parent, acquisition=acquisition, tilt_axis_angle=tilt_axis
        )
    elif frames:
        source = _given(kind="files", folder=frames, series=name, acquisition=acquisition, tilt_axis_angle=tilt_axis)
    else:
        raise InputError("input", "none", "--mdoc, or --stack, or --frames")
    series = name or (stack or mdoc or folder).name.split(".")[0]
    process(merged({"name": series, "source": source, "folder": folder}, settings or []))


@app.command()
def spa(  # noqa: PLR0913, PLR0917 - the options of a command line
    movies: Annotated[Path, typer.Option(help="Folder of the movies or images; those below are searched too.")],
    pixel_size: Annotated[float | None, typer.Option(help="Pixel size in angstrom.")] = None,
    dose: Annotated[float | None, typer.Option(help="Dose of one frame in electron per square angstrom.")] = None,
    voltage: Annotated[float | None, typer.Option(help="Voltage in kilovolt.")] = None,
    gain: Annotated[Path | None, typer.Option(help="Gain reference (MRC, TIFF or DM4).")] = None,
    pattern: Annotated[str | None, typer.Option(help="Names of movies that count, as '*_fractions.tiff'.")] = None,
    diameter: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="LOW HIGH",
            help="Smallest and largest diameter of the particles in angstrom; a picker that has one takes the middle.",
        ),
    ] = None,
    symmetry: Annotated[str | None, typer.Option(help="Point group, as C1 or D2; it is searched if not given.")] = None,
    reference: Annotated[
        Path | None, typer.Option(help="First density; found from the particles if not given.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the session (default: of the folder of movies).")] = None,
    folder: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("results"),
    settings: Annotated[list[str] | None, typer.Option("--set", help="Any parameter, as hand=mirrored.")] = None,
) -> None:
    """Process the movies of single particles to a density and its B factor; needs RELION for all after extraction."""
    acquisition = _given(
        pixel_size=pixel_size, dose_per_frame=dose, voltage=voltage, gain=gain and {"path": gain.resolve()}
    )
    chosen = {
        "symmetry_search": symmetry and {"tool": "given", "group": symmetry},
        "model_finder": reference and {"tool": "given", "map": reference.resolve()},
    }
    parameters = {
        "name": name or movies.resolve().name,
        "source": _given(folder=movies, pattern=pattern, acquisition=acquisition),
        "folder": folder.resolve(),
        **_given(**chosen),
    }
    process_particles(with_sizes(merged(parameters, settings or []), diameter))


def with_sizes(parameters: Tree, diameter: tuple[float, float] | None) -> Tree:
    """Have the picker that was chosen look for particles of these diameters, unless a parameter of it says others."""
    picker = parameters.get("picker") or {}
    if diameter is None or not isinstance(picker, dict):
        return parameters
    smallest, largest = diameter
    if not 0 < smallest <= largest:
        raise InputError("--diameter", f"{smallest:g} {largest:g}", "the smallest first, and more than 0")
    from tasks.particle_picking import sizes_for  # noqa: PLC0415 - as below

    return {**parameters, "picker": {**sizes_for(picker.get("tool"), smallest, largest), **picker}}


def process_particles(parameters: dict[str, Any]) -> None:
    """Check the parameters, run the flow and say what came out."""
    from flows.spa import SingleParticle, process_single_particles  # noqa: PLC0415 - as below

    for line in _run(parameters, SingleParticle, process_single_particles, "spa").lines:
        typer.echo(line)


def process(parameters: dict[str, Any]) -> None:
    """Check the parameters, run the flow and say where the tomogram is."""
    # Importing Prefect takes seconds that --help need not wait for.
    from flows.tomography import Tomography, process_tilt_series  # noqa: PLC0415

    typer.echo(_run(parameters, Tomography, process_tilt_series, "tomography").path)


def _run(parameters: dict[str, Any], kind: type[Given], flow: Callable[[Given], Made], command: str) -> Made:
    """Run a flow with parameters of a kind; raise InputError if they are not."""
    from prefect import settings as prefect  # noqa: PLC0415 - as above

    try:
        checked = kind.model_validate(with_tools(parameters, kind))
    except ValidationError as error:
        raise InputError("parameters", problems(error), f"what `cryoem-flows run {command} --help` says") from error
    # Prefect starts a server for the run if it is told of none, and gives up after 20 s, too early on a busy machine.
    patience = {prefect.PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 120}
    with prefect.temporary_settings({**patience, prefect.PREFECT_SERVER_ANALYTICS_ENABLED: False}):
        return flow(checked)


def _given(**values: object) -> dict[str, Any]:
    """Return the values that were given; paths become absolute, because a run may work elsewhere."""
    absolute = {name: value.resolve() if isinstance(value, Path) else value for name, value in values.items()}
    return {name: value for name, value in absolute.items() if value is not None}
