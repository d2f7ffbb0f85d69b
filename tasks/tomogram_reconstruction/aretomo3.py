"""AreTomo3 (doi:10.1101/2025.03.11.642690), reconstructing with an alignment that is there already.

With ``-Cmd 2`` AreTomo3 reads, beside the stack NAME.mrc, the alignment NAME.aln, the tilt angles NAME_TLT.txt and, if
they are there, the half stacks NAME_EVN.mrc and NAME_ODD.mrc, and writes NAME_Vol.mrc, NAME_EVN_Vol.mrc and
NAME_ODD_Vol.mrc. Its x' = x cos + z sin is that of :class:`tasks.models.TiltAlignment`, with rows of its slices as z:
``-FlipVol 2`` (since version 1.0.11) makes these rows the sections without turning their order.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import NonNegativeInt, PositiveFloat

from tasks.command import Flag, flags, run
from tasks.errors import ResultError
from tasks.formats.aln import Aln, AlnSection, write_aln
from tasks.formats.mrc import read_image, writing
from tasks.formats.text import write_lines
from tasks.models import Alignment, Executable, ImagedTiltSeries, Model, Tomogram
from tasks.tomogram_reconstruction.outcome import tomogram
from tasks.tomogram_reconstruction.tilt_images import (
    AlignedImage,
    aligned_images,
    even,
    has_halves,
    image_shape,
    odd,
    whole,
)

_STACKS = {"": whole, "_EVN": even, "_ODD": odd}


class AreTomo3Reconstruction(Model):
    """Reconstruction by AreTomo3 on a GPU."""

    tool: Literal["aretomo3"] = "aretomo3"
    executable: Executable = "AreTomo3"
    binning: Annotated[PositiveFloat, Flag("-AtBin")] = 4.0
    """Edge of a voxel in pixels of the tilt images."""
    thickness: PositiveFloat | None = None
    """Thickness of the volume in angstrom; by default half of the shorter side of the images."""
    weighted: Annotated[bool, Flag("-Wbp")] = True
    """Weighted back-projection instead of SART."""
    sart: Annotated[tuple[int, int] | None, Flag("-Sart")] = None
    """Iterations of SART and projections per update."""
    gpu: Annotated[NonNegativeInt, Flag("-Gpu")] = 0
    """Number of the GPU."""

    def reconstruct(self, series: ImagedTiltSeries, alignment: Alignment, folder: Path) -> Tomogram:
        """Reconstruct the volume of an aligned tilt series, and those of its even and odd frames where it has them."""
        images = aligned_images(series, alignment)
        folder.mkdir(parents=True, exist_ok=True)
        program = read_version(run([self.executable, "--version"], cwd=folder))
        suffixes = tuple(_STACKS) if all(has_halves(aligned) for aligned in images) else ("",)
        with TemporaryDirectory(prefix=f".{series.name}.", dir=folder) as beside:
            stack = Path(beside) / f"{series.name}.mrc"
            write_inputs(stack, images, suffixes)
            run(self.command(series, images, stack), cwd=folder, log=folder / f"{series.name}_aretomo3.log")
            volumes = [_accept(stack, suffix, folder) for suffix in suffixes]
        return tomogram(volumes, images[0].image.micrograph.pixel_size * self.binning, program)

    def command(self, series: ImagedTiltSeries, images: Sequence[AlignedImage], stack: Path) -> list[str]:
        """Return the command that reconstructs a stack."""
        pixel_size = images[0].image.micrograph.pixel_size
        rows_and_columns = image_shape(images)
        depth = min(rows_and_columns) / 2 if self.thickness is None else self.thickness / pixel_size
        optics = series.optics
        numbers = {
            "-PixSize": pixel_size,
            "-kV": optics.voltage,
            "-Cs": optics.spherical_aberration,
            "-AmpContrast": optics.amplitude_contrast,
            "-VolZ": round(depth),
            # Without a file of CTF values beside the stack there is nothing to correct by.
            "-CorrCTF": 0,
            "-FlipVol": 2,
        }
        given = [word for name, value in numbers.items() for word in (name, f"{value:.10g}")]
        inputs = ["-Cmd", "2", "-InPrefix", str(stack), "-OutDir", str(stack.parent)]
        return [self.executable, *inputs, *given, *flags(self)]


def write_inputs(stack: Path, images: Sequence[AlignedImage], suffixes: Sequence[str]) -> None:
    """Write stacks, angles and alignment as AreTomo3 expects them beside each other."""
    shape, pixel_size = image_shape(images), images[0].image.micrograph.pixel_size
    for suffix in suffixes:
        path = stack.with_name(f"{stack.stem}{suffix}.mrc")
        with writing(path, shape, pixel_size, stack=True) as writer:
            for aligned in images:
                writer.write(read_image(*_STACKS[suffix](aligned.image.micrograph)))
    lines = (f"{aligned.place.angle:8.2f}  {aligned.image.tilt.number:4d}" for aligned in images)
    write_lines(stack.with_name(f"{stack.stem}_TLT.txt"), lines)
    sections = tuple(_section(number, aligned, pixel_size) for number, aligned in enumerate(images))
    write_aln(stack.with_suffix(".aln"), Aln(raw_size=(shape[1], shape[0], len(images)), sections=sections))


def read_version(answer: str) -> str:
    """Return the name and version in the answer to --version."""
    found = re.search(r"version\s+([\w.]+)", answer)
    if not found:
        raise ResultError(f"AreTomo3 does not say its version but {answer.strip()[:80]!r}")
    return f"AreTomo3 {found[1]}"


def _section(number: int, aligned: AlignedImage, pixel_size: float) -> AlnSection:
    x, y = aligned.place.displacement
    return AlnSection(
        section=number,
        rotation=aligned.place.axis_angle,
        shift=(x / pixel_size, y / pixel_size),
        tilt=aligned.place.angle,
    )


def _accept(stack: Path, suffix: str, folder: Path) -> Path:
    """Move a volume into place if it was written; AreTomo3 ends well also when it could not read its input."""
    written = stack.with_name(f"{stack.stem}{suffix}_Vol.mrc")
    if not written.is_file():
        raise ResultError(f"AreTomo3 ended well but did not write {written.name}; its log is in {folder}")
    target = folder / written.name
    written.replace(target)
    return target
