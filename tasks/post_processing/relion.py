"""Post-processing by RELION: a mask drawn around the particle, the resolution within it, sharpening and filtering."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import NegativeFloat, NonNegativeInt, PositiveFloat

from tasks.command import Flag
from tasks.errors import InputError, ResultError
from tasks.formats.mrc import header, read_volume
from tasks.models import Executable, Model
from tasks.models.maps import Map
from tasks.models.resolution import PostProcessed
from tasks.post_processing.curves import Curves, crossing, read_curves
from tasks.post_processing.threshold import mask_threshold
from tasks.relion.computing import Computing, UsedComputing
from tasks.relion.flags import relion_flags
from tasks.relion.job import Job, open_job
from tasks.relion.version import relion_version

_GUINIER = 0.9
"""The finest resolution has to be this much beyond the coarsest one of the fit of a B factor."""
_FULL = 0.9
"""Share of the box above which a mask masks nothing."""


class RelionPostProcessing(Model):
    """Post-processing by RELION."""

    tool: Literal["relion"] = "relion"
    executable: Executable = "relion_postprocess"
    mask_executable: Executable = "relion_mask_create"
    mask: Path | None = None
    """Mask of the particle; by default it is drawn from the map."""
    mask_threshold: float | None = None
    """Density at which to draw the mask; by default it is found from the map."""
    mask_lowpass: PositiveFloat = 15.0
    """Resolution in angstrom to which the map is filtered for the mask, or that of the map if it is coarser."""
    mask_extension: NonNegativeInt = 3
    """Pixels by which the mask grows."""
    mask_edge: NonNegativeInt = 6
    """Pixels of the soft edge beyond."""
    b_factor: NegativeFloat | None = None
    """B factor to sharpen with, in square angstrom; by default it is fitted."""
    b_factor_from: Annotated[PositiveFloat, Flag("--autob_lowres")] = 10.0
    """Coarsest resolution in angstrom that a B factor is fitted to; a map that is hardly finer is not sharpened."""
    mtf: Annotated[Path | None, Flag("--mtf")] = None
    """STAR file of the detector's transfer function."""
    mtf_pixel_size: Annotated[PositiveFloat | None, Flag("--mtf_angpix")] = None
    """Pixel size of the movies in angstrom, which the detector's transfer function is given for."""
    computing: UsedComputing = Computing()
    """Threads of the mask."""

    def version(self) -> str:
        """Return name and version of the program."""
        return relion_version(self.executable).program

    def sharpen(self, refined: Map, folder: Path) -> PostProcessed:
        """Find the resolution of a refined map and sharpen it."""
        first = _checked_halves(refined)
        version = relion_version(self.executable)
        job = open_job(folder)
        mask, threshold = self._mask(refined, job)
        curves = self._run(refined, first, mask, job, self._sharpening())
        if self.b_factor is None and _is_coarse(curves, self.b_factor_from):
            # A B factor that is fitted to nothing would raise noise.
            curves = self._run(refined, first, mask, job, ["--adhoc_bfac", "0"])
        if curves.resolution is None:
            raise ResultError(f"{refined.path}: the half maps agree at no resolution")
        sharpened = refined.model_copy(
            update={"path": job.file("postprocess.mrc"), "resolution": curves.resolution, "halves": None}
        )
        return PostProcessed(
            map=sharpened,
            masked=job.file("postprocess_masked.mrc"),
            mask=mask,
            mask_threshold=threshold,
            unmasked_resolution=crossing(curves.fsc, "unmasked"),
            b_factor=curves.b_factor or None,
            fsc=curves.fsc,
            star=job.file("postprocess.star"),
            program=version.program,
        )

    def command(self, refined: Map, first: Path, mask: Path, job: Job, sharpening: list[str]) -> list[str]:
        """Return the command line of the post-processing."""
        words = [self.executable, "--i", job.name(first), "--o", job.name(job.file("postprocess"))]
        words += ["--mask", job.name(mask), "--angpix", f"{refined.pixel_size:.6g}", *relion_flags(self), *sharpening]
        return [*words, "--pipeline_control", f"{job.name(job.folder)}/"]

    def mask_command(self, refined: Map, threshold: float, mask: Path, job: Job) -> list[str]:
        """Return the command line that draws a mask."""
        words = [self.mask_executable, "--i", job.name(refined.path), "--o", job.name(mask)]
        words += ["--lowpass", f"{self._lowpass(refined):.6g}", "--ini_threshold", f"{threshold:.6g}"]
        words += ["--extend_inimask", str(self.mask_extension), "--width_soft_edge", str(self.mask_edge)]
        return [*words, "--angpix", f"{refined.pixel_size:.6g}", "--j", str(self.computing.threads)]

    def _sharpening(self) -> list[str]:
        return ["--auto_bfac"] if self.b_factor is None else ["--adhoc_bfac", f"{self.b_factor:.6g}"]

    def _lowpass(self, refined: Map) -> float:
        return max(self.mask_lowpass, refined.resolution or 0)

    def _mask(self, refined: Map, job: Job) -> tuple[Path, float | None]:
        """Return the mask that was given, or a new one and the density that it was drawn at."""
        if self.mask is not None:
            _check_shape(self.mask, refined)
            return self.mask, None
        threshold = self.mask_threshold
        if threshold is None:
            # The map itself is masked, and shows no solvent.
            whole = np.asarray(np.mean([read_volume(half) for half in refined.halves or ()], axis=0), np.float32)
            threshold = mask_threshold(whole, refined.pixel_size, self._lowpass(refined))
        mask = job.file("mask.mrc")
        job.run(self.mask_command(refined, threshold, mask, job), self.computing, [mask.name], log="mask.out")
        share = float(np.mean(read_volume(mask)))
        if not 0 < share < _FULL:
            raise ResultError(f"{mask}: covers {share:.0%} of the box at density {threshold:.4g}; give a threshold")
        return mask, threshold

    def _run(self, refined: Map, first: Path, mask: Path, job: Job, sharpening: list[str]) -> Curves:
        outputs = ["postprocess.mrc", "postprocess_masked.mrc", "postprocess.star"]
        job.run(self.command(refined, first, mask, job, sharpening), self.computing, outputs)
        return read_curves(job.file("postprocess.star"))


def _checked_halves(refined: Map) -> Path:
    """Return the first half map, from whose name RELION knows the second."""
    if refined.halves is None:
        raise InputError(refined.path, "no half maps", "a map that was refined in halves")
    first, second = refined.halves
    for half in (first, second):
        _check_shape(half, refined)
    if first.with_name(first.name.replace("half1", "half2")) != second:
        raise InputError(first, f"the other half {second.name}", "half maps named half1 and half2 in one folder")
    return first


def _check_shape(path: Path, refined: Map) -> None:
    if not path.is_file():
        raise InputError(path, "no such file", "a map")
    shape = header(path).shape
    if shape != (refined.box_size,) * 3:
        raise InputError(path, f"{shape} voxels", f"the {refined.box_size} voxels of {refined.path.name} in each axis")


def _is_coarse(curves: Curves, limit: float) -> bool:
    return curves.resolution is None or curves.resolution > _GUINIER * limit
