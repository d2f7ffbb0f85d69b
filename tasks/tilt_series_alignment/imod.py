"""How IMOD makes a tomogram of an alignment: by newstack, then by tilt."""

from itertools import groupby

from tasks.formats.com import Newstack, Tilt
from tasks.models import Alignment, ImagedTiltSeries

_VOXEL = 10.0
"""Angstrom: images are binned until a voxel is about as large."""
_MARGIN = 1.5
"""Thickness of the tomogram over that of the specimen."""


def newstack(series: ImagedTiltSeries, alignment: Alignment, shape: tuple[int, int]) -> Newstack:
    """Return how the images that are used become an aligned stack; IMOD must be able to read them."""
    micrographs = {image.tilt.name: image.micrograph for image in series.images}
    used = [micrographs[tilt.name] for tilt in alignment.tilts]
    files = [(path, [one.section for one in group]) for path, group in groupby(used, key=lambda one: one.path)]
    columns, rows = _aligned_size(alignment, shape)
    binning = _binning(series)
    return Newstack(
        inputs=tuple(str(path.absolute()) for path, _ in files),
        sections=tuple(tuple(sections) for _, sections in files),
        output=f"{series.name}_ali.mrc",
        transforms=alignment.transforms.name,
        lines=tuple(range(len(used))),
        size=(max(columns // binning, 1), max(rows // binning, 1)),
        binning=binning,
    )


def tilt(series: ImagedTiltSeries, alignment: Alignment, shape: tuple[int, int]) -> Tilt:
    """Return how the aligned stack becomes a tomogram; the angles are final and lay the specimen flat."""
    pixel_size = series.images[0].micrograph.pixel_size
    specimen = alignment.thickness and _MARGIN * alignment.thickness / pixel_size
    return Tilt(
        projections=f"{series.name}_ali.mrc",
        output=f"{series.name}_full_rec.mrc",
        angles=alignment.transforms.with_suffix(".tlt").name,
        binning=_binning(series),
        full_size=_aligned_size(alignment, shape),
        thickness=max(round(specimen or min(shape) / 2), 1),
    )


def _binning(series: ImagedTiltSeries) -> int:
    return max(round(_VOXEL / series.images[0].micrograph.pixel_size), 1)


def _aligned_size(alignment: Alignment, shape: tuple[int, int]) -> tuple[int, int]:
    """Return columns and rows of the aligned images: those of the raw ones, exchanged where the axis lies across."""
    rows, columns = shape
    return (rows, columns) if round(alignment.tilt_axis_angle / 90) % 2 else (columns, rows)
