"""AreTomo2 (doi:10.1016/j.yjsbx.2022.100068), aligning only.

AreTomo2 reads a stack (``-InMrc``) and its tilt angles (``-AngFile``) and writes, beside its output, an .aln file named
as the stack; with ``-VolZ 0`` its output is the aligned stack, of which nothing is kept. It works in its own folder
with plain names: its buffers hold 256 letters of a path. The angles in the .aln file include the offset, of which only
the log tells; a tilt offset that is known is added to the angles that it reads.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from tasks.aretomo import axis_words, nothing_written, version
from tasks.command import Flag, flags, run
from tasks.formats.aln import Aln, read_aln
from tasks.models import Alignment, Executable, ImagedTiltSeries, Incidental, Model
from tasks.tilt_series_alignment.aretomo_files import (
    concluded,
    read_offset,
    read_score,
    read_tilts,
    write_inputs,
)
from tasks.tilt_series_alignment.stacking import ordered

_BINNING = 8
"""Of the aligned stack, which is thrown away."""


class AreTomo2Alignment(Model):
    """Alignment by AreTomo2 on GPUs."""

    tool: Literal["aretomo2"] = "aretomo2"
    executable: Executable = "AreTomo2"
    level: Literal[-1, 0, 1] = 1
    """Measure the tilt offset of the specimen: for nothing (-1), for the alignment (0), for the volume too (1)."""
    tilt_offset: float | None = None
    """Tilt offset of the specimen in degree, instead of measuring it."""
    refine_tilt_axis: bool = True
    """Refine the direction of the tilt axis."""
    patches: Annotated[tuple[PositiveInt, PositiveInt] | None, Flag("-Patch")] = None
    """Patches in x and y for local alignment, which only AreTomo2 and AreTomo3 reconstruct with."""
    height: Annotated[PositiveInt, Flag("-AlignZ")] = 600
    """Thickness of the specimen in pixels: somewhat less is better than more."""
    dark_tolerance: Annotated[PositiveFloat, Flag("-DarkTol")] = 0.7
    """Images with less than this part of the usual intensity are left out."""
    gpus: Annotated[tuple[NonNegativeInt, ...], Flag("-Gpu"), Incidental()] = (0,)
    """Numbers of the GPUs."""

    def version(self) -> str:
        """Return the name and version of the program."""
        return version("AreTomo2", self.executable)

    def align(self, series: ImagedTiltSeries, folder: Path) -> Alignment:
        """Align the images of a series; leave the alignment in several formats in the folder."""
        images, given = ordered(series), self.tilt_offset or 0.0
        folder.mkdir(parents=True, exist_ok=True)
        program = self.version()
        kept = folder / f"{series.name}_aretomo2.aln"
        with TemporaryDirectory(prefix=f".{series.name}.", dir=folder) as beside:
            stack = Path(beside) / "tilts.mrc"
            shape = write_inputs(stack, images, given)
            log = run(self.command(series, stack), cwd=stack.parent, log=folder / f"{series.name}_aretomo2.log")
            written = stack.with_suffix(".aln")
            if not written.is_file():
                raise nothing_written("AreTomo2", written, folder / f"{series.name}_aretomo2.log")
            written.replace(kept)
        found = self._complete(read_aln(kept), log)
        tilts, dark = read_tilts(found, images, kept, given)
        if self.level < 1 and given:
            tilts = tuple(tilt.model_copy(update={"angle": tilt.angle - given}) for tilt in tilts)
        return concluded(
            series,
            folder,
            found,
            tilts,
            dark,
            score=read_score(log) if self.refine_tilt_axis else 0.0,
            program=program,
            offset=found.alpha_offset + given if self.level == 1 else 0.0,
            shape=shape,
        )

    def command(self, series: ImagedTiltSeries, stack: Path) -> list[str]:
        """Return the command that aligns a stack, run in its folder."""
        level = self.level if self.tilt_offset is None else -1
        inputs = ["-InMrc", stack.name, "-OutMrc", f"{stack.stem}_ali.mrc", "-AngFile", f"{stack.stem}_TLT.txt"]
        axis = axis_words(series.tilt_axis_angle, refine=self.refine_tilt_axis)
        pixel_size = f"{series.images[0].micrograph.pixel_size:.10g}"
        outputs = ["-VolZ", "0", "-OutBin", str(_BINNING)]
        given = ["-PixSize", pixel_size, "-TiltCor", str(level), *axis, *outputs]
        return [self.executable, *inputs, *given, *flags(self)]

    def _complete(self, found: Aln, log: str) -> Aln:
        """Add to an alignment the tilt offset that is in its angles."""
        measured = read_offset(log) if self.level == 1 and self.tilt_offset is None else None
        return found.model_copy(update={"alpha_offset": found.alpha_offset or measured or 0.0})
