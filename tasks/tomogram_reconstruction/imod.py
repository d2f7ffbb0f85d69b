"""IMOD (doi:10.1006/jsbi.1996.0013): newstack makes the aligned stack, ctfphaseflip corrects it, tilt makes the volume.

Each volume, whole, even and odd, is made by the same transforms. tilt writes slices across the tilt axis, in whose rows
the height falls: a point is seen at x cos(tilt) - row sin(tilt). They are turned to sections as ``clip rotx`` does it.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.command import run
from tasks.errors import InputError, ResultError
from tasks.formats.com import Newstack, Tilt, newstack_options, tilt_options
from tasks.formats.tlt import write_tlt
from tasks.formats.xf import Transform, read_xf, write_xf
from tasks.imod import version
from tasks.models import Alignment, Executable, ImagedTiltSeries, Incidental, Model, Optics, Tomogram
from tasks.tomogram_reconstruction.aretomo_files import STACKS, write_stack
from tasks.tomogram_reconstruction.imod_contrast import flipping_options, write_defocus
from tasks.tomogram_reconstruction.local import without_patches
from tasks.tomogram_reconstruction.outcome import accept, tomogram
from tasks.tomogram_reconstruction.slices import write_sections
from tasks.tomogram_reconstruction.tilt_images import AlignedImage, aligned_images, has_halves, image_shape, plane_shape

_ALIGNED, _TRANSFORMS, _ANGLES = "tilts_ali.mrc", "tilts.xf", "tilts.tlt"
_CORRECTED, _DEFOCUS = "tilts_ctfcorr_ali.mrc", "tilts.defocus"


class ImodReconstruction(Model):
    """Reconstruction by IMOD's newstack and tilt, on the CPU or a GPU."""

    tool: Literal["imod"] = "imod"
    executable: Executable = "tilt"
    newstack: Executable = "newstack"
    """Name or path of newstack."""
    ctfphaseflip: Executable = "ctfphaseflip"
    """Name or path of ctfphaseflip."""
    ctf_correction: Literal["none", "phase-flip"] = "none"
    """Correction of the contrast transfer function in strips of one height; every tilt must have a CTF for it."""
    handedness: Literal[-1, 1] = -1
    """Whether defocus grows (1) or falls (-1) with the height of the specimen (rlnTomoHand)."""
    binning: PositiveInt = 4
    """Edge of a voxel in pixels of the tilt images."""
    thickness: PositiveFloat | None = None
    """Thickness of the volume in angstrom; by default half of the shorter side of the images."""
    cutoff: float = Field(default=0.35, gt=0, le=0.5)
    """Frequency, in cycles per voxel, beyond which the weighting falls off."""
    sirt_iterations: PositiveInt | None = None
    """Weight as so many iterations of SIRT would (since IMOD 4.9)."""
    gpu: Annotated[NonNegativeInt | None, Incidental()] = None
    """GPU for tilt: 0 for the best one, others by their number from 1; by default the CPU."""

    def version(self) -> str:
        """Return the name and version of IMOD."""
        return version(self.executable)

    def reconstruct(self, series: ImagedTiltSeries, alignment: Alignment, folder: Path) -> Tomogram:
        """Reconstruct the volume of an aligned tilt series, and those of its even and odd frames where it has them."""
        images = aligned_images(series, alignment)
        transforms = _transforms(alignment)
        folder.mkdir(parents=True, exist_ok=True)
        program = without_patches(self.version(), alignment)
        suffixes = tuple(STACKS) if all(has_halves(aligned) for aligned in images) else ("",)
        voxel_size = images[0].image.micrograph.pixel_size * self.binning
        volumes = []
        with TemporaryDirectory(prefix=f".{series.name}.", dir=folder) as beside:
            write_xf(Path(beside) / _TRANSFORMS, self.centred(images, transforms))
            write_tlt(Path(beside) / _ANGLES, [aligned.place.angle for aligned in images])
            if self.ctf_correction != "none":
                write_defocus(Path(beside) / _DEFOCUS, images)
            for suffix in suffixes:
                stack = Path(beside) / f"tilts{suffix}.mrc"
                write_stack(stack, images, STACKS[suffix])
                written = self._run(images, series.optics, stack, folder / f"{series.name}{suffix}_imod.log")
                rows, columns = plane_shape(images, self.binning)
                depth = self.depth(images) // self.binning
                accept(written, f"IMOD's tilt ({written.name})", voxel_size, (rows, depth, columns))
                target = folder / f"{series.name}{suffix}_rec.mrc"
                volumes.append(write_sections(written, target, voxel_size, rows_fall=True))
                written.unlink()
        return tomogram(volumes, voxel_size, program)

    def depth(self, images: Sequence[AlignedImage]) -> int:
        """Return the thickness of the volume in pixels of the images."""
        pixel_size = images[0].image.micrograph.pixel_size
        return max(round(min(image_shape(images)) / 2 if self.thickness is None else self.thickness / pixel_size), 1)

    def centred(self, images: Sequence[AlignedImage], transforms: Sequence[Transform]) -> tuple[Transform, ...]:
        """Return transforms by which our origin, the middle of voxel n // 2, is there in the volume.

        IMOD's is between the voxels of an even number: the specimen is moved by half a voxel.
        """
        rows, columns = plane_shape(images, self.binning)
        z, y, x = (self.binning * (0.0 if n % 2 else 0.5) for n in (self.depth(images) // self.binning, rows, columns))
        moved = []
        for aligned, transform in zip(images, transforms, strict=True):
            angle = math.radians(aligned.place.angle)
            dx = transform.dx + x * math.cos(angle) + z * math.sin(angle)
            moved.append(transform.model_copy(update={"dx": dx, "dy": transform.dy + y}))
        return tuple(moved)

    def aligning(self, images: Sequence[AlignedImage], stack: str) -> list[str]:
        """Return the options by which newstack makes the aligned stack, typed to it line by line."""
        rows, columns = plane_shape(images, self.binning)
        asked = Newstack(
            inputs=(stack,), output=_ALIGNED, transforms=_TRANSFORMS, size=(columns, rows), binning=self.binning
        )
        return [*newstack_options(asked), "ModeToOutput\t2"]

    def correcting(self, optics: Optics, pixel_size: float) -> list[str]:
        """Return the options by which ctfphaseflip corrects the aligned stack, typed to it line by line."""
        files = f"InputStack {_ALIGNED}", f"OutputFileName {_CORRECTED}", f"AngleFile {_ANGLES}"
        options = flipping_options(optics, pixel_size * self.binning, self.handedness)
        return [*files, f"DefocusFile {_DEFOCUS}", *options]

    def projecting(self, images: Sequence[AlignedImage], volume: str) -> list[str]:
        """Return the options by which tilt makes the volume, typed to it line by line."""
        rows, columns = plane_shape(images, self.binning)
        asked = Tilt(
            projections=_ALIGNED if self.ctf_correction == "none" else _CORRECTED,
            output=volume,
            angles=_ANGLES,
            binning=self.binning,
            full_size=(columns * self.binning, rows * self.binning),
            thickness=self.depth(images),
        )
        options = [line for line in tilt_options(asked) if not line.startswith("RADIAL")]
        options.append(f"RADIAL {self.cutoff:.10g} 0.035")
        if self.sirt_iterations:
            options.append(f"FakeSIRTiterations {self.sirt_iterations}")
        return options if self.gpu is None else [*options, f"UseGPU {self.gpu}", "ActionIfGPUFails 1,2"]

    def _run(self, images: Sequence[AlignedImage], optics: Optics, stack: Path, log: Path) -> Path:
        """Make the volume of a stack beside it."""
        aligned, corrected = stack.with_name(_ALIGNED), stack.with_name(_CORRECTED)
        _ask(self.newstack, self.aligning(images, stack.name), aligned, log.with_name(f"{log.stem}_newstack.log"))
        if self.ctf_correction != "none":
            pixel_size = images[0].image.micrograph.pixel_size
            beside = log.with_name(f"{log.stem}_ctfphaseflip.log")
            _ask(self.ctfphaseflip, self.correcting(optics, pixel_size), corrected, beside)
        volume = stack.with_name(f"{stack.stem}_rec.mrc")
        _ask(self.executable, self.projecting(images, volume.name), volume, log)
        aligned.unlink()
        corrected.unlink(missing_ok=True)
        return volume


def _ask(program: str, options: Sequence[str], written: Path, log: Path) -> None:
    """Run a program with options typed to it; it must write a file, in whose folder it runs."""
    run([program, "-StandardInput"], cwd=written.parent, answers=list(options), log=log)
    if not written.is_file():
        raise ResultError(f"{Path(program).name} ended well but did not write {written.name}; its log is {log}")


def _transforms(alignment: Alignment) -> tuple[Transform, ...]:
    """Read the transforms of the aligned images."""
    found = read_xf(alignment.transforms)
    if len(found) != len(alignment.tilts):
        expected = f"one for each of {len(alignment.tilts)} aligned tilts"
        raise InputError(alignment.transforms, f"{len(found)} transforms", expected)
    return found
