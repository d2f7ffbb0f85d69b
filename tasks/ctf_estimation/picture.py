"""Picture a fit: the observed spectrum beside the fitted one, and the radial profile."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.ndimage
from PIL import Image, ImageDraw

from tasks.ctf_estimation.plot import plot
from tasks.ctf_estimation.profile import Numbers, RadialProfile
from tasks.formats.files import replacing

Bytes = npt.NDArray[np.uint8]

SIDE = 512
"""Pixels of each of the two panels."""
_SHADES = 64
_CIRCLE = (60, 160, 255)
_LABEL = (255, 220, 80)


@dataclass(frozen=True)
class Comparison:
    """What a picture shows; spectra have zero frequency at [side // 2, side // 2] and y upwards."""

    spectrum: Bytes
    """Observed and fitted in halves, in grey."""
    reach: float
    """Frequency at the edge of the spectrum, in 1 / angstrom."""
    profile: RadialProfile
    resolution: float
    """Angstrom."""
    title: str
    labels: tuple[str, str] = ("observed", "fitted")
    """Of the left and the right half."""


def draw(path: Path, comparison: Comparison) -> None:
    """Write the picture: the spectra, and the profile beside them."""
    canvas = Image.new("RGB", (2 * SIDE, SIDE), "white")
    canvas.paste(_spectrum(comparison), (0, 0))
    canvas.paste(plot(comparison.profile, comparison.resolution, comparison.title, SIDE), (SIDE, 0))
    # Noise does not compress; the eye sees no more shades in it, and they cost time and space.
    fewer = canvas.quantize(_SHADES, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    with replacing(path) as beside:
        fewer.save(beside, compress_level=1)


def even_contrast(values: Numbers) -> Bytes:
    """Scale to 8 bits, evenly at all radii so that weak outer rings are seen too."""
    ring = _rings(values.shape[0])
    count = np.maximum(np.bincount(ring.ravel()), 1)
    means = [np.bincount(ring.ravel(), power.ravel()) / count for power in (values, values**2)]
    mean, square = (scipy.ndimage.gaussian_filter1d(radial, 6) for radial in means)
    scaled = (values - mean[ring]) / np.sqrt(np.maximum(square - mean**2, 1e-12))[ring]
    grey: Bytes = np.clip(128 + 60 * scaled, 0, 255).astype(np.uint8)
    return grey


@lru_cache(maxsize=2)
def _rings(side: int) -> npt.NDArray[np.int64]:
    """Return the distance of each pixel from zero frequency, at most to the edge."""
    y, x = np.indices((side, side)) - side // 2
    rings: npt.NDArray[np.int64] = np.minimum(np.round(np.hypot(y, x)).astype(np.int64), side // 2)
    rings.flags.writeable = False
    return rings


def _spectrum(comparison: Comparison) -> Image.Image:
    grey = Image.fromarray(np.flipud(comparison.spectrum))
    image = grey.resize((SIDE, SIDE), Image.Resampling.BICUBIC).convert("RGB")
    pen = ImageDraw.Draw(image)
    radius, centre = SIDE / 2 / comparison.resolution / comparison.reach, SIDE / 2
    pen.ellipse((centre - radius, centre - radius, centre + radius, centre + radius), outline=_CIRCLE)
    pen.text((8, 8), comparison.labels[0], fill=_LABEL)
    pen.text((SIDE - 8, 8), comparison.labels[1], fill=_LABEL, anchor="ra")
    return image
