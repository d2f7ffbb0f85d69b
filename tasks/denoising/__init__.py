"""Denoise tomograms."""

from pathlib import Path
from typing import Annotated

from tasks.denoising.cryocare import CryoCare
from tasks.denoising.embedded import EmbeddedDenoising
from tasks.denoising.topaz import Topaz
from tasks.models import Tomogram, one_of
from tasks.reuse import Place
from tasks.step import once, step

__all__ = ["CryoCare", "Denoiser", "EmbeddedDenoising", "Topaz", "denoise_tomogram", "place_of_denoised"]

Denoiser = Annotated[EmbeddedDenoising | Topaz | CryoCare, one_of("tool")]


def place_of_denoised(tomogram: Tomogram, denoiser: Denoiser, folder: Path) -> Place[Tomogram]:
    """Say where the denoised tomogram is recorded, and what it depends on."""
    inputs = {"tomogram": tomogram, "denoiser": denoiser}
    return Place(folder / f"{tomogram.path.stem}_denoised.json", Tomogram, inputs)


@step(task_run_name="denoising of {tomogram.path.stem}", timeout_seconds=14400)
def denoise_tomogram(tomogram: Tomogram, denoiser: Denoiser, folder: Path) -> Tomogram:
    """Denoise a tomogram, unless it is done already."""
    return once(place_of_denoised(tomogram, denoiser, folder), lambda: denoiser.denoise(tomogram, folder))
