"""Tomography: from the exposures of one tilt series to a denoised tomogram."""

from pathlib import Path

from prefect import flow
from pydantic import Field

from flows.runner import threads
from flows.sources import TiltSeriesSource, gather_tilts
from flows.tilts import correct_motions, estimate_ctfs, imaged, settled, with_ctfs
from tasks.ctf_estimation import CtfEstimator, EmbeddedCtf
from tasks.denoising import Denoiser, EmbeddedDenoising, denoise_tomogram
from tasks.models import Model, Tomogram
from tasks.motion_correction import EmbeddedMotion, MotionCorrector
from tasks.report import Progress, show_tilts, show_tomogram, tell
from tasks.tilt_series_alignment import EmbeddedAlignment, TiltSeriesAligner, align_tilt_series
from tasks.tomogram_reconstruction import EmbeddedReconstruction, TomogramReconstructor, reconstruct_tomogram


class Tomography(Model):
    """How to process one tilt series."""

    name: str = Field(min_length=1, pattern=r"^[^/\x00]+$")
    """Name of the tilt series; names the run and the files."""
    source: TiltSeriesSource
    """Where the exposures are."""
    folder: Path
    """Folder for the results; a folder per step is made in it."""
    motion_corrector: MotionCorrector = EmbeddedMotion()
    ctf_estimator: CtfEstimator = EmbeddedCtf()
    aligner: TiltSeriesAligner = EmbeddedAlignment()
    reconstructor: TomogramReconstructor = EmbeddedReconstruction()
    denoiser: Denoiser = EmbeddedDenoising()


@flow(name="tomography", flow_run_name="{tomography.name}", task_runner=threads())
def process_tilt_series(tomography: Tomography) -> Tomogram:
    """Process one tilt series: motion, CTF, alignment, reconstruction and denoising."""
    name, folder = tomography.name, tomography.folder
    series = gather_tilts(name, tomography.source, folder)
    progress = Progress(name, "tilts", len(series.movies) + len(series.tilts))

    moving = correct_motions(series, tomography.motion_corrector, folder / "motion_correction")
    motions, unmoved = settled(moving, progress)
    images = imaged(series, motions, unmoved)

    fitting = estimate_ctfs(images, tomography.ctf_estimator, folder / "ctf_estimation")
    alignment = align_tilt_series(images, tomography.aligner, folder / "tilt_series_alignment")
    ctfs, unfitted = settled(fitting, progress)
    images = with_ctfs(images, ctfs)

    tomogram = reconstruct_tomogram(images, alignment, tomography.reconstructor, folder / "tomogram_reconstruction")
    denoised = denoise_tomogram(tomogram, tomography.denoiser, folder / "denoising")

    show_tilts(name, tell(series.tilts, motions, ctfs, alignment, unfitted | unmoved), series.excluded)
    show_tomogram(name, alignment, tomogram, denoised, folder / "pictures")
    return denoised
