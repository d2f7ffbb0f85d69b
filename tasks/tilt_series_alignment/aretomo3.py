"""AreTomo3 (doi:10.1101/2025.03.11.642690), aligning only.

With ``-Cmd 1`` AreTomo3 reads the stack NAME.mrc and its tilt angles NAME_TLT.txt beside it, and writes NAME.aln.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from tasks.command import Flag, flags, run
from tasks.errors import InputError, ResultError
from tasks.formats.aln import Aln, read_aln
from tasks.formats.mrc import header, read_image, writing
from tasks.formats.text import write_lines
from tasks.models import Alignment, Exclusion, Executable, ImagedTiltSeries, Incidental, Model, TiltAlignment, TiltImage
from tasks.tilt_series_alignment.conventions import from_aretomo
from tasks.tilt_series_alignment.outcome import transforms_of, write_alignment

_ROUNDING = 0.02
"""AreTomo3 keeps two decimals of a tilt angle."""


class AreTomo3Alignment(Model):
    """Alignment by AreTomo3 on a GPU."""

    tool: Literal["aretomo3"] = "aretomo3"
    executable: Executable = "AreTomo3"
    level: Literal[-1, 0, 1] = 1
    """Measure the tilt offset of the specimen: for nothing (-1), for the alignment (0), for the volume too (1)."""
    tilt_offset: float | None = None
    """Tilt offset of the specimen in degree, instead of measuring it."""
    refine_tilt_axis: bool = True
    """Refine the direction of the tilt axis."""
    patches: Annotated[tuple[PositiveInt, PositiveInt] | None, Flag("-AtPatch")] = None
    """Patches in x and y for local alignment, which is kept in the .aln file only."""
    height: Annotated[PositiveInt | None, Flag("-AlignZ")] = None
    """Thickness of the specimen in pixels; by default AreTomo3 measures it."""
    dark_tolerance: Annotated[PositiveFloat | None, Flag("-DarkTol")] = None
    """Images with less than this part of the usual intensity are left out; by default 0.7."""
    gpus: Annotated[tuple[NonNegativeInt, ...], Flag("-Gpu"), Incidental()] = (0,)
    """Numbers of the GPUs."""

    def align(self, series: ImagedTiltSeries, folder: Path) -> Alignment:
        """Align the images of a series; leave the alignment in several formats in the folder."""
        images = _ordered(series)
        folder.mkdir(parents=True, exist_ok=True)
        program = read_version(run([self.executable, "--version"], cwd=folder))
        kept = folder / f"{series.name}_aretomo3.aln"
        with TemporaryDirectory(prefix=f".{series.name}.", dir=folder) as beside:
            stack = Path(beside) / f"{series.name}.mrc"
            shape = write_inputs(stack, images)
            log = run(self.command(series, stack), cwd=folder, log=folder / f"{series.name}_aretomo3.log")
            written = stack.with_suffix(".aln")
            if not written.is_file():
                raise ResultError(f"AreTomo3 ended well but did not write {written.name}; its log is in {folder}")
            written.replace(kept)
        found = read_aln(kept)
        tilts, dark = read_tilts(found, images, kept)
        alignment = Alignment(
            tilts=tilts,
            excluded=series.excluded + dark,
            tilt_axis_angle=tilts[min(range(len(tilts)), key=lambda place: abs(tilts[place].angle))].axis_angle,
            score=read_score(log) if self.refine_tilt_axis else 0.0,
            tilt_offset=found.alpha_offset,
            thickness=found.thickness * images[0].micrograph.pixel_size if found.thickness else None,
            transforms=transforms_of(series, folder),
            program=program,
        )
        return write_alignment(series, alignment, shape)

    def command(self, series: ImagedTiltSeries, stack: Path) -> list[str]:
        """Return the command that aligns a stack."""
        pixel_size = series.images[0].micrograph.pixel_size
        offset = [] if self.tilt_offset is None else [f"{self.tilt_offset:.10g}"]
        inputs = ["-Cmd", "1", "-InPrefix", str(stack), "-OutDir", str(stack.parent)]
        axis = ["-TiltAxis", f"{series.tilt_axis_angle:.10g}", str(int(self.refine_tilt_axis))]
        # Without a voltage AreTomo3 leaves the CTF alone.
        given = ["-PixSize", f"{pixel_size:.10g}", "-TiltCor", str(self.level), *offset, *axis]
        return [self.executable, *inputs, *given, *flags(self)]


def _ordered(series: ImagedTiltSeries) -> tuple[TiltImage, ...]:
    if len(series.images) < 3:
        raise InputError(f"tilt series {series.name}", f"{len(series.images)} images", "at least 3")
    return tuple(sorted(series.images, key=lambda image: image.tilt.angle))


def write_inputs(stack: Path, images: Sequence[TiltImage]) -> tuple[int, int]:
    """Write the stack and its tilt angles as AreTomo3 expects them and return the shape of an image."""
    first = images[0].micrograph
    _, rows, columns = header(first.path).shape
    with writing(stack, (rows, columns), first.pixel_size, stack=True) as writer:
        for image in images:
            pixels = read_image(image.micrograph.path, image.micrograph.section)
            if pixels.shape != (rows, columns):
                found = f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
                raise InputError(image.micrograph.path, found, f"{columns} x {rows}, as {first.path.name}")
            writer.write(pixels)
    lines = (f"{image.tilt.angle:8.2f}  {image.tilt.number:4d}" for image in images)
    write_lines(stack.with_name(f"{stack.stem}_TLT.txt"), lines)
    return rows, columns


def read_tilts(
    alignment: Aln, images: Sequence[TiltImage], source: Path
) -> tuple[tuple[TiltAlignment, ...], tuple[Exclusion, ...]]:
    """Find the tilts of the rows of an alignment and those that were left out as dark, by their nominal angles."""
    left = list(images)
    pixel_size = images[0].micrograph.pixel_size
    tilts = []
    for section in sorted(alignment.sections, key=lambda row: row.tilt):
        image = _take(left, alignment.nominal_tilt(section), source)
        tilts.append(from_aretomo(section, image.tilt.name, pixel_size))
    dark = [_take(left, frame.tilt, source).tilt.name for frame in alignment.dark]
    if left:
        names = ", ".join(image.tilt.name for image in left)
        raise ResultError(f"{source.name}: AreTomo3 neither aligned nor left out {names}")
    reason = "dark: AreTomo3 finds too little intensity"
    return tuple(tilts), tuple(Exclusion(name=name, reason=reason) for name in dark)


def _take(left: list[TiltImage], angle: float, source: Path) -> TiltImage:
    """Take the image of a nominal angle out of those that are left."""
    nearest = min(left, key=lambda image: abs(image.tilt.angle - angle), default=None)
    if nearest is None or abs(nearest.tilt.angle - angle) > _ROUNDING:
        raise ResultError(f"{source.name}: a row of tilt {angle:.2f}, which no image of the series has")
    left.remove(nearest)
    return nearest


def read_score(log: str) -> float:
    """Return the score of the tilt axis that AreTomo3 settled on."""
    *_, last = (None, *_scores(log))
    if last is None:
        raise ResultError("AreTomo3 ended well but its output has no score of the tilt axis")
    return last


def _scores(log: str) -> Iterator[float]:
    for found in re.finditer(r"^Best tilt axis:.*Score:\s*([-+\d.eE]+)", log, re.MULTILINE):
        yield float(found[1])


def read_version(answer: str) -> str:
    """Return the name and version in the answer to --version."""
    found = re.search(r"version\s+([\w.]+)", answer)
    if not found:
        raise ResultError(f"AreTomo3 does not say its version but {answer.strip()[:80]!r}")
    return f"AreTomo3 {found[1]}"
