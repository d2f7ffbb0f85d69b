"""Stacks of the images of a series for programs that read one, in order of the tilt angle."""

from collections.abc import Sequence
from pathlib import Path

from tasks.errors import InputError
from tasks.formats.mrc import header, read_image, writing
from tasks.models import ImagedTiltSeries, TiltImage


def ordered(series: ImagedTiltSeries) -> tuple[TiltImage, ...]:
    """Return the images in order of the tilt angle; refuse fewer than three."""
    if len(series.images) < 3:
        raise InputError(f"tilt series {series.name}", f"{len(series.images)} images", "at least 3")
    return tuple(sorted(series.images, key=lambda image: image.tilt.angle))


def write_stack(stack: Path, images: Sequence[TiltImage]) -> tuple[int, int]:
    """Write images of one size as a stack; return the shape of an image."""
    first = images[0].micrograph
    _, rows, columns = header(first.path).shape
    with writing(stack, (rows, columns), first.pixel_size, stack=True) as writer:
        for image in images:
            pixels = read_image(image.micrograph.path, image.micrograph.section)
            if pixels.shape != (rows, columns):
                found = f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
                raise InputError(image.micrograph.path, found, f"{columns} x {rows}, as {first.path.name}")
            writer.write(pixels)
    return rows, columns
