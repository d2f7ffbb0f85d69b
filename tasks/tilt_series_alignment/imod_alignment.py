"""IMOD's batchruntomo (doi:10.1006/jsbi.1996.0013), aligning by patches or gold beads.

batchruntomo reads the stack NAME.mrc and its angles NAME.rawtlt, and leaves the transforms NAME.xf, the angles NAME.tlt
and the log of tiltalign. Its fifth step is the fine alignment; later ones make the tomogram.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from tasks.command import run
from tasks.errors import ResultError
from tasks.formats.tlt import read_tlt, write_tlt
from tasks.formats.xf import read_xf
from tasks.imod import version
from tasks.models import Alignment, Exclusion, Executable, ImagedTiltSeries, Model, Threads, TiltAlignment, TiltImage
from tasks.tilt_series_alignment.conventions import from_imod
from tasks.tilt_series_alignment.imod_directives import Markers, directives
from tasks.tilt_series_alignment.imod_log import TiltalignLog, read_align_log, why_stopped
from tasks.tilt_series_alignment.outcome import transforms_of, write_alignment
from tasks.tilt_series_alignment.stacking import ordered, write_stack

_NAME = "tilts"
_FINE_ALIGNMENT = "5"


class ImodAlignment(Model):
    """Alignment by IMOD, whose programs must all be there.

    The score is 1 / (1 + r) for a mean residual of r nanometres: 0.5 is poor.
    """

    tool: Literal["imod"] = "imod"
    executable: Executable = "batchruntomo"
    markers: Markers = Markers()
    """What is followed from tilt to tilt."""
    refine_tilt_axis: bool = True
    """Refine the direction of the tilt axis, one for all images."""
    refine_tilt_angles: bool = False
    """Refine groups of tilt angles; needs gold beads."""
    level: bool = True
    """Add an offset to the tilt angles that lays the markers flat in the tomogram."""
    threads: Threads = 1

    def version(self) -> str:
        """Return the name and version of IMOD."""
        return version(self.executable)

    def align(self, series: ImagedTiltSeries, folder: Path) -> Alignment:
        """Align the images of a series; leave the alignment in several formats in the folder."""
        images = ordered(series)
        folder.mkdir(parents=True, exist_ok=True)
        program = self.version()
        with TemporaryDirectory(prefix=f".{series.name}.", dir=folder) as beside:
            shape = self._write(series, images, Path(beside))
            said = run(self.command(), cwd=Path(beside), log=folder / f"{series.name}_imod.log")
            if reason := why_stopped(said):
                raise reason
            solved, tilts = _read(Path(beside), images, shape, folder / f"{series.name}_align.log")
        level = (solved.level or 0.0) if self.level else 0.0
        tilts = tuple(tilt.model_copy(update={"angle": tilt.angle + level}) for tilt in tilts)
        nominal = {image.tilt.name: image.tilt.angle for image in images}
        left = tuple(name for name in nominal if name not in {tilt.name for tilt in tilts})
        pixel_size = images[0].micrograph.pixel_size
        alignment = Alignment(
            tilts=tilts,
            excluded=series.excluded
            + tuple(Exclusion(name=name, reason="not solved: IMOD follows no marker in it") for name in left),
            tilt_axis_angle=min(tilts, key=lambda tilt: abs(tilt.angle)).axis_angle,
            score=1 / (1 + solved.mean_residual / 10),
            residual=solved.mean_residual,
            tilt_offset=sum(tilt.angle - nominal[tilt.name] for tilt in tilts) / len(tilts),
            thickness=solved.thickness * pixel_size if solved.thickness and self.markers.kind == "fiducials" else None,
            transforms=transforms_of(series, folder),
            program=program,
        )
        return write_alignment(series, alignment, shape)

    def command(self) -> list[str]:
        """Return the command that aligns the stack in its folder."""
        cores = ["-CPUMachineList", str(self.threads)] if self.threads > 1 else []
        given = ["-DirectiveFile", f"{_NAME}.adoc", "-CurrentLocation", ".", "-RootName", _NAME]
        return [self.executable, *given, "-EndingStep", _FINE_ALIGNMENT, *cores]

    def directives(self, series: ImagedTiltSeries) -> str:
        """Return the text of the directive file."""
        return directives(
            self.markers,
            series.images[0].micrograph.pixel_size,
            series.tilt_axis_angle,
            refine_axis=self.refine_tilt_axis,
            refine_angles=self.refine_tilt_angles,
        )

    def _write(self, series: ImagedTiltSeries, images: Sequence[TiltImage], folder: Path) -> tuple[int, int]:
        """Write what batchruntomo reads; return the shape of an image."""
        write_tlt(folder / f"{_NAME}.rawtlt", [image.tilt.angle for image in images])
        (folder / f"{_NAME}.adoc").write_text(self.directives(series))
        return write_stack(folder / f"{_NAME}.mrc", images)


def _read(
    folder: Path, images: Sequence[TiltImage], shape: tuple[int, int], kept: Path
) -> tuple[TiltalignLog, tuple[TiltAlignment, ...]]:
    """Read what batchruntomo has left; keep the log of tiltalign."""
    for missing in (name for name in (f"{_NAME}.xf", f"{_NAME}.tlt", "align.log") if not (folder / name).is_file()):
        raise ResultError(f"batchruntomo ended well but did not write {missing}")
    transforms, angles = read_xf(folder / f"{_NAME}.xf"), read_tlt(folder / f"{_NAME}.tlt")
    if not len(transforms) == len(angles) == len(images):
        raise ResultError(f"IMOD wrote {len(transforms)} transforms and {len(angles)} angles of {len(images)} images")
    kept.write_bytes((folder / "align.log").read_bytes())
    solved = read_align_log(kept.read_text(errors="replace"))
    pixel_size = images[0].micrograph.pixel_size
    views = enumerate(zip(images, transforms, angles, strict=True), start=1)
    tilts = tuple(
        from_imod(transform, image.tilt.name, angle, pixel_size, shape).model_copy(
            update={"residual": solved.residuals[view]}
        )
        for view, (image, transform, angle) in views
        if view in solved.residuals
    )
    if len(tilts) < 3:
        raise ResultError(f"IMOD solved {len(tilts)} views; at least 3 are needed")
    return solved, tilts
