"""The files by which AreTomo2 and AreTomo3 reconstruct with an alignment that is there already."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.aretomo import write_angles
from tasks.errors import InputError
from tasks.formats.aln import Aln, AlnPatch, AlnSection, write_aln
from tasks.formats.mrc import read_image, writing
from tasks.formats.text import write_lines
from tasks.tomogram_reconstruction.tilt_images import AlignedImage, Choice, even, image_shape, odd, whole

STACKS = {"": whole, "_EVN": even, "_ODD": odd}
"""What the stacks hold, by the ends of their names."""
_THINNEST = 16
"""AreTomo makes no volume of so few voxels in depth, or of fewer."""


def depth_in_pixels(images: Sequence[AlignedImage], thickness: float | None, binning: float) -> int:
    """Return the depth of a volume of a thickness in angstrom; by default half of the shorter side of the images."""
    pixel_size = images[0].image.micrograph.pixel_size
    depth = round(min(image_shape(images)) / 2 if thickness is None else thickness / pixel_size)
    if voxels(depth, binning) <= _THINNEST:
        found = f"a volume of {voxels(depth, binning)} voxels in depth"
        raise InputError("thickness", found, f"more than {_THINNEST}, or AreTomo makes none")
    return depth


def voxels(depth: int, binning: float) -> int:
    """Return how many voxels AreTomo makes of a depth in pixels."""
    return int(depth / binning) // 2 * 2


def write_stack(path: Path, images: Sequence[AlignedImage], choice: Choice) -> None:
    """Write images as a stack."""
    with writing(path, image_shape(images), images[0].image.micrograph.pixel_size, stack=True) as writer:
        for aligned in images:
            writer.write(read_image(*choice(aligned.image.micrograph)))


def write_inputs(
    stack: Path, images: Sequence[AlignedImage], suffixes: Sequence[str], patches: tuple[AlnPatch, ...] = ()
) -> None:
    """Write stacks, angles and alignment as AreTomo expects them beside each other."""
    for suffix in suffixes:
        write_stack(stack.with_name(f"{stack.stem}{suffix}.mrc"), images, STACKS[suffix])
    tilts = ((aligned.place.angle, aligned.image.tilt.number) for aligned in images)
    write_angles(stack.with_name(f"{stack.stem}_TLT.txt"), tilts)
    rows, columns = image_shape(images)
    pixel_size = images[0].image.micrograph.pixel_size
    sections = tuple(_section(number, aligned, pixel_size) for number, aligned in enumerate(images))
    write_aln(stack.with_suffix(".aln"), Aln(raw_size=(columns, rows, len(images)), sections=sections, patches=patches))


def write_ctfs(path: Path, images: Sequence[AlignedImage]) -> None:
    """Write the CTF of every image as AreTomo3 does; refuse an image without one."""
    write_lines(path, _ctf_lines(images))


def _ctf_lines(images: Sequence[AlignedImage]) -> Iterator[str]:
    yield "# Columns: image, defocus 1 and 2 [A], azimuth, phase shift [radian], score, resolution [A]"
    for number, image in enumerate((aligned.image for aligned in images), start=1):
        ctf = image.ctf
        if ctf is None:
            raise InputError(f"tilt {image.tilt.name}", "no CTF", "the CTF of every tilt, or no CTF correction")
        values = (ctf.defocus_u, ctf.defocus_v, ctf.defocus_angle, math.radians(ctf.phase_shift))
        numbers = "".join(f"  {value:8.2f}" for value in values)
        yield f"{number:4d} {numbers}  {ctf.figure_of_merit:8.4f}  {ctf.resolution:8.4f}"


def _section(number: int, aligned: AlignedImage, pixel_size: float) -> AlnSection:
    x, y = aligned.place.displacement
    return AlnSection(
        section=number,
        rotation=aligned.place.axis_angle,
        shift=(x / pixel_size, y / pixel_size),
        tilt=aligned.place.angle,
    )
