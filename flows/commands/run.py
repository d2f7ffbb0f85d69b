"""``cryoem-flows run``: a flow in this process, on one's own data."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from flows.parameters import merged, problems, with_tools
from tasks.errors import InputError

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


def process(parameters: dict[str, Any]) -> None:
    """Check the parameters, run the flow and say where the tomogram is."""
    # Importing Prefect takes seconds that --help need not wait for.
    from prefect import settings as prefect  # noqa: PLC0415

    from flows.tomography import Tomography, process_tilt_series  # noqa: PLC0415

    try:
        checked = Tomography.model_validate(with_tools(parameters, Tomography))
    except ValidationError as error:
        raise InputError("parameters", problems(error), "what `cryoem-flows run tomography --help` says") from error
    # Prefect starts a server for the run if it is told of none, and gives up after 20 s, too early on a busy machine.
    patience = {prefect.PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 120}
    with prefect.temporary_settings({**patience, prefect.PREFECT_SERVER_ANALYTICS_ENABLED: False}):
        tomogram = process_tilt_series(checked)
    typer.echo(tomogram.path)


def _given(**values: object) -> dict[str, Any]:
    """Return the values that were given; paths become absolute, because a run may work elsewhere."""
    absolute = {name: value.resolve() if isinstance(value, Path) else value for name, value in values.items()}
    return {name: value for name, value in absolute.items() if value is not None}
