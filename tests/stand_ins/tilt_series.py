"""What the stand-ins for programs of tomography compute: by the embedded tools, on the stacks that they are given."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from tasks.formats.aln import AlnSection
from tasks.formats.mrc import header, read_volume
from tasks.models import Alignment, ImagedTiltSeries, Micrograph, Tilt, TiltAlignment, TiltImage
from tasks.tilt_series_alignment.embedded import EmbeddedAlignment
from tasks.tomogram_reconstruction.embedded import EmbeddedReconstruction


def series_of(stack: Path, angles: Sequence[float], axis: float, pixel_size: float | None = None) -> ImagedTiltSeries:
    """Return the sections of a stack as tilts, named by their numbers from 0."""
    step = pixel_size or header(stack).pixel_size or 1.0
    images = []
    for section, angle in enumerate(angles):
        image = Micrograph(path=stack, pixel_size=step, section=section)
        tilt = Tilt(name=str(section), angle=angle, number=section + 1, source=image)
        images.append(TiltImage(tilt=tilt, micrograph=image))
    images.sort(key=lambda image: image.tilt.angle)
    return ImagedTiltSeries(name="series", images=tuple(images), tilt_axis_angle=axis)


def align(series: ImagedTiltSeries, *, turn: bool, level: bool) -> Alignment:
    """Align the images of a series."""
    with TemporaryDirectory() as folder:
        return EmbeddedAlignment(refine_tilt_axis=turn, level=level).align(series, Path(folder))


def reconstruct(
    series: ImagedTiltSeries, tilts: Sequence[TiltAlignment], binning: int, depth: int
) -> npt.NDArray[np.float32]:
    """Return the volume (z, y, x) of a depth in voxels that an alignment means."""
    alignment = Alignment(
        tilts=tuple(tilts), tilt_axis_angle=tilts[0].axis_angle, score=1, transforms=Path("none.xf"), program=""
    )
    voxel_size = series.images[0].micrograph.pixel_size * binning
    tool = EmbeddedReconstruction(
        binning=binning, thickness=depth * voxel_size, halves=False, ctf_correction="none", dose_weighting=False
    )
    with TemporaryDirectory() as folder:
        return read_volume(tool.reconstruct(series, alignment, Path(folder)).path)


def tilts_of(sections: Sequence[AlnSection], pixel_size: float) -> list[TiltAlignment]:
    """Return the rows of an .aln file as its description says them."""
    return [
        TiltAlignment(
            name=str(row.section),
            angle=row.tilt,
            axis_angle=row.rotation,
            displacement=(row.shift[0] * pixel_size, row.shift[1] * pixel_size),
        )
        for row in sections
    ]
