"""AreTomo3 (doi:10.1101/2025.03.11.642690), aligning only.

With ``-Cmd 1`` AreTomo3 reads the stack NAME.mrc and its tilt angles NAME_TLT.txt beside it, and writes NAME.aln;
with ``-VolZ 0`` no volume. A tilt offset that is known is added to the angles that it reads: only some versions do what
``-TiltCor`` says of it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from tasks.aretomo import axis_words, nothing_written, version
from tasks.command import Flag, flags, run
from tasks.formats.aln import read_aln
from tasks.models import Alignment, Executable, ImagedTiltSeries, Incidental, Model
from tasks.tilt_series_alignment.aretomo_files import concluded, read_score, read_tilts, write_inputs
from tasks.tilt_series_alignment.stacking import ordered


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
    """Patches in x and y for local alignment, which only AreTomo2 and AreTomo3 reconstruct with."""
    height: Annotated[PositiveInt | None, Flag("-AlignZ")] = None
    """Thickness of the specimen in pixels; by default AreTomo3 measures it."""
    dark_tolerance: Annotated[PositiveFloat | None, Flag("-DarkTol")] = None
    """Images with less than this part of the usual intensity are left out; by default 0.7."""
    gpus: Annotated[tuple[NonNegativeInt, ...], Flag("-Gpu"), Incidental()] = (0,)
    """Numbers of the GPUs."""

    def version(self) -> str:
        """Return the name and version of the program."""
        return version("AreTomo3", self.executable)

    def align(self, series: ImagedTiltSeries, folder: Path) -> Alignment:
        """Align the images of a series; leave the alignment in several formats in the folder."""
        images, given = ordered(series), self.tilt_offset or 0.0
        folder.mkdir(parents=True, exist_ok=True)
        program = self.version()
        kept = folder / f"{series.name}_aretomo3.aln"
        with TemporaryDirectory(prefix=f".{series.name}.", dir=folder) as beside:
            stack = Path(beside) / f"{series.name}.mrc"
            shape = write_inputs(stack, images, given)
            log = run(self.command(series, stack), cwd=folder, log=folder / f"{series.name}_aretomo3.log")
            written = stack.with_suffix(".aln")
            if not written.is_file():
                raise nothing_written("AreTomo3", written, folder / f"{series.name}_aretomo3.log")
            written.replace(kept)
        found = read_aln(kept)
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
        """Return the command that aligns a stack."""
        level = self.level if self.tilt_offset is None else -1
        inputs = ["-Cmd", "1", "-InPrefix", str(stack), "-OutDir", str(stack.parent)]
        axis = axis_words(series.tilt_axis_angle, refine=self.refine_tilt_axis)
        # Without a voltage AreTomo3 leaves the CTF alone.
        pixel_size = f"{series.images[0].micrograph.pixel_size:.10g}"
        given = ["-PixSize", pixel_size, "-TiltCor", str(level), *axis, "-VolZ", "0"]
        return [self.executable, *inputs, *given, *flags(self)]
