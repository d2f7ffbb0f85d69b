"""What the stand-ins for programs of tomography compute: by the embedded tools, on the stacks that they are given."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from tasks.formats.aln import AlnSection
from tasks.formats.mrc import header, read_volume
from tasks.models import Alignment, ImagedTiltSeries, Micrograph, Tilt, TiltAlignment, TiltImage


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


def align(series: ImagedTiltSeries) -> Alignment:
    """Align whole images, which takes a second; tilt axis and angles stay as they are."""
    # Steps import Prefect, for which a question for the version need not wait.
    from tasks.tilt_series_alignment.coarse import align_coarsely  # noqa: PLC0415
    from tasks.tilt_series_alignment.geometry import Geometry  # noqa: PLC0415
    from tasks.tilt_series_alignment.preparation import prepare  # noqa: PLC0415
    from tasks.tilt_series_alignment.screening import screen  # noqa: PLC0415
    from tasks.tilt_series_alignment.tilt_stack import read_stack  # noqa: PLC0415

    stack, excluded = screen(read_stack(series))
    prepared = prepare(stack.images, stack.scale, stack.centre, "cpu")
    axis = series.tilt_axis_angle
    nominal = Geometry(stack.angles, axis, np.zeros((len(stack.tilts), 2)))
    found = align_coarsely(prepared, nominal, 0.6 * prepared.size).displacements * stack.pixel_size
    tilts = tuple(
        TiltAlignment(name=name, angle=angle, axis_angle=axis, displacement=(place[0], place[1]))
        for name, angle, place in zip(stack.names, stack.angles.tolist(), found.tolist(), strict=True)
    )
    return Alignment(
        tilts=tilts, excluded=excluded, tilt_axis_angle=axis, score=0.1, transforms=Path("none.xf"), program=""
    )


def reconstruct(
    series: ImagedTiltSeries, tilts: Sequence[TiltAlignment], binning: int, depth: int
) -> npt.NDArray[np.float32]:
    """Return the volume (z, y, x) of a depth in voxels that an alignment means."""
    from tasks.tomogram_reconstruction.embedded import EmbeddedReconstruction  # noqa: PLC0415

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
