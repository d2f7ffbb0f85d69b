"""The demonstration of tomography: a simulated tilt series becomes a tomogram."""

import json
from pathlib import Path

import typer

from flows.demonstration import Demonstration
from flows.sources import MdocSource
from flows.tomography import Tomography
from tasks.errors import ResultError
from tasks.models import Acquisition, GainReference, Tomogram
from tasks.simulation import SimulatedTiltSeries, TiltSeriesTruth
from tasks.tomogram_reconstruction import EmbeddedReconstruction

SERIES = SimulatedTiltSeries(name="demo", tilt_step=4, beads=8)
DEPLOYMENT = "tomography/tomography"


def demonstration(tomography: Tomography) -> Demonstration:
    """Say how to run a tilt series by its deployment."""
    folder = tomography.folder
    return Demonstration(DEPLOYMENT, {"tomography": tomography}, folder, lambda: results(folder))


def simulated(folder: Path) -> Tomography:
    """Simulate the series, unless it is there, and say how to process it."""
    truth = folder / "data" / "truth.json"
    if not truth.exists():
        typer.echo("Simulating a tilt series of 31 movies ...")
        SERIES.simulate(truth.parent)
    known = TiltSeriesTruth.read(truth)
    acquisition = Acquisition(
        **SERIES.optics.model_dump(),
        pixel_size=SERIES.pixel_size,
        dose_per_frame=SERIES.dose / SERIES.frames,
        gain=known.gain and GainReference(path=known.gain),
    )
    if known.mdoc is None:
        raise ResultError(f"{truth} names no mdoc; remove {folder} and start again")
    return Tomography(
        name=SERIES.name,
        source=MdocSource(mdoc=known.mdoc, frames=truth.parent / "frames", acquisition=acquisition),
        folder=folder / "results",
        reconstructor=EmbeddedReconstruction(binning=2),
    )


def results(folder: Path) -> dict[str, Path]:
    """Return what a person wants to open."""
    volumes = {"tomogram": "tomogram_reconstruction", "denoised tomogram": "denoising"}
    paths = {}
    for what, step in volumes.items():
        record = json.loads(next((folder / step).glob("*.json")).read_text())
        paths[what] = Tomogram.model_validate(record["result"]).path
    paths["pictures"] = folder / "pictures"
    return paths
