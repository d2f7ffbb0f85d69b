"""Show how the spectrum of an image agrees with what a program found that leaves no picture of its own kind."""

from dataclasses import dataclass
from pathlib import Path

from tasks.ctf_estimation.aberrations import Aberrations
from tasks.ctf_estimation.comparison import compare
from tasks.ctf_estimation.fitting import Plan, judge
from tasks.ctf_estimation.ice import ice_ring
from tasks.ctf_estimation.measurement import measure
from tasks.ctf_estimation.naming import image_of, name_of
from tasks.ctf_estimation.picture import draw
from tasks.ctf_estimation.profile import write_profile
from tasks.ctf_estimation.search import SearchSpace
from tasks.ctf_estimation.tiles import tile
from tasks.formats.mrc import read_image
from tasks.models import Micrograph, Optics, TiltGeometry

_TILE = 800.0
_BAND = (1 / 30, 1 / 5)
"""1 / angstrom."""
_EDGE = 0.47
"""Cycles per pixel; beyond it, aliasing blurs the rings."""


@dataclass(frozen=True)
class Picture:
    """What is shown."""

    diagnostic: Path
    profile: Path
    ice_ring: float
    resolution: float
    """Angstrom to which rings agree."""


def show(
    micrograph: Micrograph, optics: Optics, folder: Path, found: Aberrations, tilt: TiltGeometry | None = None
) -> Picture:
    """Picture the spectrum of an image beside given aberrations, and write the radial profile, to a folder."""
    pixel_size = micrograph.pixel_size
    image = read_image(image_of(micrograph), micrograph.section)
    band = (_BAND[0], min(_BAND[1], _EDGE / pixel_size))
    tiling = tile((image.shape[0], image.shape[1]), pixel_size, _TILE, tilt)
    spectra = measure(image, tiling, pixel_size, band, "cpu")
    space = SearchSpace((found.defocus, found.defocus), max(found.half_astigmatism, 1.0), (found.phase_shift,))
    fitted = judge(spectra.polar, found, Plan(space, band, _EDGE / pixel_size, optics), seen=True)
    picture, profile = (folder / f"{name_of(micrograph)}_ctf{suffix}" for suffix in (".png", ".csv"))
    draw(picture, compare(spectra, fitted, optics))
    write_profile(profile, fitted.profile)
    return Picture(picture, profile, ice_ring(spectra.polar), fitted.resolution)
