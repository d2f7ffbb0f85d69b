"""Read tilt images, check that they can be used together, and bin, dose-weight and CTF-correct them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError
from tasks.formats.mrc import header, read_image
from tasks.models import Alignment, ImagedTiltSeries, Micrograph, TiltAlignment, TiltImage

Image = npt.NDArray[np.float32]
Choice = Callable[[Micrograph], tuple[Path, int]]
FEWEST = 3


@dataclass(frozen=True)
class AlignedImage:
    """A tilt image with its place in the alignment."""

    image: TiltImage
    place: TiltAlignment


def whole(micrograph: Micrograph) -> tuple[Path, int]:
    """Choose the sum of all frames."""
    return micrograph.path, micrograph.section


def even(micrograph: Micrograph) -> tuple[Path, int]:
    """Choose the sum of the even frames."""
    return _present(micrograph, micrograph.even), 0


def odd(micrograph: Micrograph) -> tuple[Path, int]:
    """Choose the sum of the odd frames."""
    return _present(micrograph, micrograph.odd), 0


def has_halves(aligned: AlignedImage) -> bool:
    """Tell whether there are sums of even and of odd frames."""
    return aligned.image.micrograph.even is not None and aligned.image.micrograph.odd is not None


def _present(micrograph: Micrograph, path: Path | None) -> Path:
    if path is None:
        raise InputError(micrograph.path, "no sums of even and odd frames", "both")
    return path


def aligned_images(series: ImagedTiltSeries, alignment: Alignment) -> tuple[AlignedImage, ...]:
    """Bring images and alignment together by name; refuse what does not fit, before any work."""
    images = {image.tilt.name: image for image in series.images}
    unknown = [tilt.name for tilt in alignment.tilts if tilt.name not in images]
    if unknown:
        raise InputError(series.name, f"an alignment of {', '.join(unknown)}", "aligned tilts to have an image")
    if len(alignment.tilts) < FEWEST:
        raise InputError(series.name, f"{len(alignment.tilts)} aligned tilts", f"at least {FEWEST}")
    found = tuple(AlignedImage(images[tilt.name], tilt) for tilt in alignment.tilts)
    _check_sizes(found)
    return found


def image_shape(images: Sequence[AlignedImage]) -> tuple[int, int]:
    """Return rows and columns of the images."""
    _, rows, columns = header(images[0].image.micrograph.path).shape
    return rows, columns


def plane_shape(images: Sequence[AlignedImage], binning: float) -> tuple[int, int]:
    """Return how many voxels a volume has in y, along the tilt axis, and in x; each side is that of the images."""
    rows, columns = (int(length / binning) for length in image_shape(images))
    return (columns, rows) if round(images[0].place.axis_angle / 90) % 2 else (rows, columns)


def _check_sizes(images: tuple[AlignedImage, ...]) -> None:
    shape, pixel_size = image_shape(images), images[0].image.micrograph.pixel_size
    for micrograph in (aligned.image.micrograph for aligned in images):
        found = header(micrograph.path).shape[1:]
        if found != shape or abs(micrograph.pixel_size / pixel_size - 1) > 1e-3:
            size = f"{found[1]} x {found[0]} pixels of {micrograph.pixel_size:g} angstrom"
            wanted = f"{shape[1]} x {shape[0]} pixels of {pixel_size:g} angstrom as in the other tilts"
            raise InputError(micrograph.path, size, wanted)


def read(aligned: AlignedImage, choice: Choice) -> Image:
    """Read an image of mean 0 and standard deviation 1."""
    path, section = choice(aligned.image.micrograph)
    image = read_image(path, section)
    mean, deviation = float(image.mean(dtype=np.float64)), float(image.std(dtype=np.float64))
    if not np.isfinite(deviation):
        raise InputError(path, f"pixels that are not finite in section {section}", "numbers")
    if deviation == 0:
        raise InputError(path, f"{mean:g} everywhere in section {section}", "an image")
    return (image - np.float32(mean)) / np.float32(deviation)
