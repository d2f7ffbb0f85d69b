"""Tomography: from the exposures of one tilt series to a denoised tomogram and what is in it."""

from pathlib import Path

from prefect import flow
from pydantic import Field

from flows.doubts_of_series import align
from flows.features import find_features
from flows.mapped import require_any, settled, the_only
from flows.records import work_of_series
from flows.runner import SiteTaskRunner
from flows.sources import TiltSeriesSource, gather_tilts
from flows.tilt_movies import known_tilts, share
from flows.tilts import correct_motions, estimate_ctfs, imaged, with_ctfs
from flows.tools import TomographyTools
from tasks.denoising import denoise_tomogram
from tasks.models import Model, Tomogram
from tasks.report import Progress, show_tilts, show_tomogram, show_work, tell
from tasks.tomogram_reconstruction import reconstruct_tomogram


class TiltSeriesPlace(Model):
    """Which tilt series, and where its results go."""

    name: str = Field(min_length=1, pattern=r"^[^/\x00]+$")
    """Name of the tilt series; names the run and the files."""
    source: TiltSeriesSource
    """Where the exposures are."""
    folder: Path
    """Folder for the results; a folder per step is made in it."""
    session: str | None = None
    """Session of the ledger, whose tilt movies that are done already are used again."""
    project: bool = True
    """Write a RELION project into the folder, too; that of a session is written from the ledger."""


class Tomography(TomographyTools, TiltSeriesPlace):
    """How to process one tilt series."""


@flow(name="tomography", flow_run_name="{tomography.name}", task_runner=SiteTaskRunner())
def process_tilt_series(tomography: Tomography) -> Tomogram:
    """Process one tilt series: motion, CTF, alignment, reconstruction, denoising, segmentation and picking."""
    name, folder = tomography.name, tomography.folder
    series = gather_tilts(name, tomography.source, folder)
    known = known_tilts(tomography.session, series)
    progress = Progress(name, "tilts", len(series.movies) + len(series.tilts))

    moving = correct_motions(series, tomography, folder, known)
    motions, unmoved = settled(moving, progress)
    require_any(moving, motions)
    images = imaged(series, motions, unmoved)

    fitting = estimate_ctfs(images, tomography, folder, known)
    aligning = align(images, tomography, folder)
    ctfs, unfitted = settled(fitting, progress)
    share(tomography.session, series, moving, fitting)
    images, alignment = with_ctfs(images, ctfs), the_only(aligning)

    reconstructing = reconstruct_tomogram.submit(
        images, alignment, tomography.reconstructor, folder / "tomogram_reconstruction"
    )
    tomogram = reconstructing.result()
    denoised = denoise_tomogram.submit(tomogram, tomography.denoiser, folder / "denoising").result()
    contents = find_features(name, tomogram, denoised, tomography, folder)

    show_tilts(name, tell(series.tilts, motions, ctfs, alignment, unfitted | unmoved), series.excluded)
    show_tomogram(name, alignment, (tomogram, denoised), folder / "pictures", contents)
    show_work(name, [*moving.records, *fitting.records, *work_of_series(folder)])
    if tomography.project and tomography.session is None:
        # A run of a session need not wait for the import.
        from flows.project_of_series import project_of_series  # noqa: PLC0415

        found = series, motions, ctfs, alignment, tomogram, denoised
        # A project that somebody holds does not make a tomogram fail.
        project_of_series.submit(folder, name, *found).wait()
    return denoised
