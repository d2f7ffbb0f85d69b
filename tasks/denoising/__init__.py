"""Denoise tomograms."""

from pathlib import Path
from typing import Annotated

from tasks.denoising.embedded import EmbeddedDenoising
from tasks.denoising.topaz import Topaz
from tasks.models import Tomogram, one_of
from tasks.reuse import once
from tasks.step import step

__all__ = ["Denoiser", "EmbeddedDenoising", "Topaz", "denoise_tomogram"]

Denoiser = Annotated[EmbeddedDenoising | Topaz, one_of("tool")]


@step(task_run_name="denoising of {tomogram.path.stem}", timeout_seconds=14400)
def denoise_tomogram(tomogram: Tomogram, denoiser: Denoiser, folder: Path) -> Tomogram:
    """Denoise a tomogram, unless it is done already."""
    record = folder / f"{tomogram.path.stem}_denoised.json"
    inputs = {"tomogram": tomogram, "denoiser": denoiser}
    return once(record, Tomogram, lambda: denoiser.denoise(tomogram, folder), inputs)
