"""AreTomo2 (doi:10.1016/j.yjsbx.2022.100068), reconstructing with an alignment that is there already.

AreTomo2 takes the alignment by ``-AlnFile`` and knows no half stacks: it runs once for each volume. Its x' = x cos + z
sin is that of :class:`tasks.models.TiltAlignment`, with rows of its slices as z. Its ``-FlipVol 1`` would turn the
order of the sections, and so mirror the specimen: its slices are made sections here. It works in its own folder with
plain names: its buffers hold 256 letters of a path.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import NonNegativeInt, PositiveFloat

from tasks.aretomo import nothing_written, version
from tasks.command import Flag, flags, run
from tasks.models import Alignment, Executable, ImagedTiltSeries, Incidental, Model, Tomogram
from tasks.tomogram_reconstruction.aretomo_files import STACKS, depth_in_pixels, voxels, write_inputs
from tasks.tomogram_reconstruction.local import local_patches
from tasks.tomogram_reconstruction.outcome import accept, tomogram
from tasks.tomogram_reconstruction.slices import write_sections
from tasks.tomogram_reconstruction.tilt_images import AlignedImage, aligned_images, has_halves, plane_shape


class AreTomo2Reconstruction(Model):
    """Reconstruction by AreTomo2 on GPUs; with the local alignment, where AreTomo2 or AreTomo3 made one."""

    tool: Literal["aretomo2"] = "aretomo2"
    executable: Executable = "AreTomo2"
    binning: Annotated[PositiveFloat, Flag("-OutBin")] = 4.0
    """Edge of a voxel in pixels of the tilt images."""
    thickness: PositiveFloat | None = None
    """Thickness of the volume in angstrom; by default half of the shorter side of the images."""
    weighted: Annotated[bool, Flag("-Wbp")] = True
    """Weighted back-projection instead of SART."""
    sart: Annotated[tuple[int, int] | None, Flag("-Sart")] = None
    """Iterations of SART and projections per update."""
    gpus: Annotated[tuple[NonNegativeInt, ...], Flag("-Gpu"), Incidental()] = (0,)
    """Numbers of the GPUs."""

    def version(self) -> str:
        """Return the name and version of the program."""
        return version("AreTomo2", self.executable)

    def reconstruct(self, series: ImagedTiltSeries, alignment: Alignment, folder: Path) -> Tomogram:
        """Reconstruct the volume of an aligned tilt series, and those of its even and odd frames where it has them."""
        images = aligned_images(series, alignment)
        depth = depth_in_pixels(images, self.thickness, self.binning)
        folder.mkdir(parents=True, exist_ok=True)
        program = self.version()
        suffixes = tuple(STACKS) if all(has_halves(aligned) for aligned in images) else ("",)
        voxel_size = images[0].image.micrograph.pixel_size * self.binning
        rows, columns = plane_shape(images, self.binning)
        volumes = []
        with TemporaryDirectory(prefix=f".{series.name}.", dir=folder) as beside:
            stack = Path(beside) / "tilts.mrc"
            write_inputs(stack, images, suffixes, local_patches(alignment))
            for suffix in suffixes:
                log = folder / f"{series.name}{suffix}_aretomo2.log"
                run(self.command(images, suffix), cwd=stack.parent, log=log)
                written = stack.with_name(f"tilts{suffix}_Vol.mrc")
                if not written.is_file():
                    raise nothing_written("AreTomo2", written, log)
                accept(written, f"AreTomo2 ({written.name})", voxel_size, (rows, voxels(depth, self.binning), columns))
                volumes.append(write_sections(written, folder / f"{series.name}{suffix}_Vol.mrc", voxel_size))
                written.unlink()
        return tomogram(volumes, voxel_size, program)

    def command(self, images: Sequence[AlignedImage], suffix: str = "") -> list[str]:
        """Return the command that reconstructs one of the stacks in its folder."""
        pixel_size = images[0].image.micrograph.pixel_size
        depth = depth_in_pixels(images, self.thickness, self.binning)
        files = ["-InMrc", f"tilts{suffix}.mrc", "-OutMrc", f"tilts{suffix}_Vol.mrc", "-AlnFile", "tilts.aln"]
        given = ["-PixSize", f"{pixel_size:.10g}", "-VolZ", str(depth), "-FlipVol", "0"]
        return [self.executable, *files, *given, *flags(self)]
