"""AreTomo3 (doi:10.1101/2025.03.11.642690), reconstructing with an alignment that is there already.

With ``-Cmd 2`` AreTomo3 reads, beside the stack NAME.mrc, the alignment NAME.aln, the tilt angles NAME_TLT.txt and, if
they are there, the half stacks NAME_EVN.mrc and NAME_ODD.mrc and the CTFs NAME_CTF.txt, and writes NAME_Vol.mrc,
NAME_EVN_Vol.mrc and NAME_ODD_Vol.mrc. Its x' = x cos + z sin is that of :class:`tasks.models.TiltAlignment`, with rows
of its slices as z: ``-FlipVol 2`` (since version 1.0.11) makes these rows the sections without turning their order.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import NonNegativeInt, PositiveFloat

from tasks.aretomo import nothing_written, version
from tasks.command import Flag, flags, run
from tasks.models import Alignment, Executable, ImagedTiltSeries, Model, Tomogram
from tasks.tomogram_reconstruction.aretomo_files import STACKS, depth_in_pixels, voxels, write_ctfs, write_inputs
from tasks.tomogram_reconstruction.local import local_patches
from tasks.tomogram_reconstruction.outcome import accept, tomogram
from tasks.tomogram_reconstruction.tilt_images import AlignedImage, aligned_images, has_halves, plane_shape

_CORRECTIONS = {"none": 0, "deconvolve": 1, "phase-flip": 2}


class AreTomo3Reconstruction(Model):
    """Reconstruction by AreTomo3 on a GPU; with the local alignment, where AreTomo2 or AreTomo3 made one."""

    tool: Literal["aretomo3"] = "aretomo3"
    executable: Executable = "AreTomo3"
    binning: Annotated[PositiveFloat, Flag("-AtBin")] = 4.0
    """Edge of a voxel in pixels of the tilt images."""
    thickness: PositiveFloat | None = None
    """Thickness of the volume in angstrom; by default half of the shorter side of the images."""
    ctf_correction: Literal["none", "deconvolve", "phase-flip"] = "none"
    """Correction of the contrast transfer function, which must be known of every image; phase-flip since version 2."""
    weighted: Annotated[bool, Flag("-Wbp")] = True
    """Weighted back-projection instead of SART."""
    sart: Annotated[tuple[int, int] | None, Flag("-Sart")] = None
    """Iterations of SART and projections per update."""
    gpu: Annotated[NonNegativeInt, Flag("-Gpu")] = 0
    """Number of the GPU."""

    def version(self) -> str:
        """Return the name and version of the program."""
        return version("AreTomo3", self.executable)

    def reconstruct(self, series: ImagedTiltSeries, alignment: Alignment, folder: Path) -> Tomogram:
        """Reconstruct the volume of an aligned tilt series, and those of its even and odd frames where it has them."""
        images = aligned_images(series, alignment)
        depth = depth_in_pixels(images, self.thickness, self.binning)
        folder.mkdir(parents=True, exist_ok=True)
        program, log = self.version(), folder / f"{series.name}_aretomo3.log"
        suffixes = tuple(STACKS) if all(has_halves(aligned) for aligned in images) else ("",)
        voxel_size = images[0].image.micrograph.pixel_size * self.binning
        expected = (voxels(depth, self.binning), *plane_shape(images, self.binning))
        volumes = []
        with TemporaryDirectory(prefix=f".{series.name}.", dir=folder) as beside:
            stack = Path(beside) / f"{series.name}.mrc"
            write_inputs(stack, images, suffixes, local_patches(alignment))
            if self.ctf_correction != "none":
                write_ctfs(stack.with_name(f"{stack.stem}_CTF.txt"), images)
            run(self.command(series, images, stack), cwd=folder, log=log)
            for suffix in suffixes:
                written = stack.with_name(f"{stack.stem}{suffix}_Vol.mrc")
                if not written.is_file():
                    raise nothing_written("AreTomo3", written, log)
                accept(written, f"AreTomo3 ({written.name})", voxel_size, expected)
                volumes.append(written.replace(folder / written.name))
        return tomogram(volumes, voxel_size, program)

    def command(self, series: ImagedTiltSeries, images: Sequence[AlignedImage], stack: Path) -> list[str]:
        """Return the command that reconstructs a stack."""
        optics = series.optics
        numbers = {
            "-PixSize": images[0].image.micrograph.pixel_size,
            "-kV": optics.voltage,
            "-Cs": optics.spherical_aberration,
            "-AmpContrast": optics.amplitude_contrast,
            "-VolZ": depth_in_pixels(images, self.thickness, self.binning),
            "-CorrCTF": _CORRECTIONS[self.ctf_correction],
            "-FlipVol": 2,
        }
        given = [word for name, value in numbers.items() for word in (name, f"{value:.10g}")]
        inputs = ["-Cmd", "2", "-InPrefix", str(stack), "-OutDir", str(stack.parent)]
        return [self.executable, *inputs, *given, *flags(self)]
