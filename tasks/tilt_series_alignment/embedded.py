"""Alignment without fiducials, which gold beads only make better."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from tasks.formats.mrc import header
from tasks.models import Alignment, Device, Exclusion, ImagedTiltSeries, Model, Threads, TiltAlignment
from tasks.tilt_series_alignment.coarse import align_coarsely
from tasks.tilt_series_alignment.fine import align_finely
from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.outcome import write_alignment
from tasks.tilt_series_alignment.preparation import prepare
from tasks.tilt_series_alignment.screening import screen
from tasks.tilt_series_alignment.tilt_stack import TiltStack, read_stack


class EmbeddedAlignment(Model):
    """Align whole images, then patches of the specimen between all tilts that share their detail."""

    tool: Literal["embedded"] = "embedded"
    refine_tilt_axis: bool = True
    """Refine the direction of the tilt axis; its nominal one is kept otherwise."""
    patches: int = Field(default=5, ge=3, le=10)
    """Sides of patches that fit into the longer side of an image; patches overlap by half."""
    device: Device = "cpu"
    threads: Threads = 1

    def align(self, series: ImagedTiltSeries, folder: Path) -> Alignment:
        """Align the images of a series; leave the alignment for other programs in the folder."""
        stack, excluded = screen(read_stack(series))
        prepared = prepare(stack.images, stack.scale, stack.centre, self.device)
        nominal = Geometry(stack.angles, series.tilt_axis_angle, np.zeros((len(stack.tilts), 2)))
        side = max(16, 2 * round(prepared.size / self.patches / 2))
        coarse = align_coarsely(prepared, nominal, 3.0 * side)
        fine = align_finely(prepared, coarse, side, turn=self.refine_tilt_axis)
        return _alignment(series, stack, fine.geometry, excluded, folder)


def _alignment(
    series: ImagedTiltSeries, stack: TiltStack, geometry: Geometry, excluded: tuple[Exclusion, ...], folder: Path
) -> Alignment:
    """Write what was found and return it."""
    tilts = tuple(
        TiltAlignment(name=name, angle=angle, axis_angle=geometry.axis, displacement=(x, y))
        for name, angle, (x, y) in zip(
            stack.names, geometry.angles, geometry.displacements * stack.pixel_size, strict=True
        )
    )
    excluded = series.excluded + excluded
    _, rows, columns = header(stack.tilts[0].micrograph.path).shape
    return Alignment(
        tilts=tilts,
        excluded=excluded,
        tilt_axis_angle=geometry.axis,
        score=0.0,
        transforms=write_alignment(series, tilts, excluded, (rows, columns), folder),
        program=f"cryoem-flows {version('cryoem-flows')}",
    )
