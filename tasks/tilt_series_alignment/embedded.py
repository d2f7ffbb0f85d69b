"""Alignment without fiducials, which gold beads only make better."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from tasks.formats.mrc import header
from tasks.models import Alignment, Device, Exclusion, ImagedTiltSeries, Model, Threads, TiltAlignment
from tasks.tilt_series_alignment.acceptance import gain, residuals, shares, unlike_neighbours
from tasks.tilt_series_alignment.coarse import align_coarsely
from tasks.tilt_series_alignment.fine import Aligned, align_finely
from tasks.tilt_series_alignment.geometry import Geometry, Numbers
from tasks.tilt_series_alignment.outcome import transforms_of, write_alignment
from tasks.tilt_series_alignment.preparation import Prepared, prepare
from tasks.tilt_series_alignment.screening import require, screen
from tasks.tilt_series_alignment.specimen import level
from tasks.tilt_series_alignment.thickness import thickness
from tasks.tilt_series_alignment.tilt_stack import TiltStack, read_stack

_ALLOWANCE = -0.02
"""Least gain of a fine alignment: the coarse one had the patches that judge it, the fine one only half of them."""


class EmbeddedAlignment(Model):
    """Align whole images, then patches of the specimen between all tilts that share their detail.

    The score is the part of its signal that a tilt shares with the others, from 0 to 1, on the average of all tilts. It
    says less where the images have hardly any noise: it is 1 then, as soon as they agree roughly.
    """

    tool: Literal["embedded"] = "embedded"
    refine_tilt_axis: bool = True
    """Refine the direction of the tilt axis; its nominal one is kept otherwise."""
    largest_turn: float = Field(default=6.0, ge=0)
    """A refined tilt axis farther from the nominal one than this, in degree, is not believed."""
    level: bool = True
    """Add an offset to the tilt angles that lays the specimen flat in the tomogram."""
    patches: int = Field(default=5, ge=3, le=10)
    """Patches side by side in the longer side of an image; others overlap them by half."""
    smallest_share: float = Field(default=0.6, ge=0, le=1)
    """Leave out images that share less with the others than this, as a part of what their neighbours share."""
    device: Device = "cpu"
    threads: Threads = 1

    def align(self, series: ImagedTiltSeries, folder: Path) -> Alignment:
        """Align the images of a series; leave the alignment for other programs in the folder."""
        stack, excluded = screen(read_stack(series))
        prepared = prepare(stack.images, stack.scale, stack.centre, self.device)
        nominal = Geometry(stack.angles, series.tilt_axis_angle, np.zeros((len(stack.tilts), 2)))
        found = self.solve(prepared, nominal)
        common = unlike_neighbours(found.shares)
        if (stray := common < self.smallest_share).any():
            excluded += tuple(
                Exclusion(name=name, reason=f"stray: shares {max(share, 0):.0%} of the usual signal with the others")
                for name, share in zip(stack.names, common, strict=True)
                if share < self.smallest_share
            )
            require(int((~stray).sum()), excluded, f"tilt series {series.name}")
            stack, prepared = stack.only(~stray), prepared.only(~stray)
            found = self.solve(prepared, nominal.only(~stray))
        alignment = _alignment(stack, found, series.excluded + excluded, transforms_of(series, folder))
        layer = thickness(prepared, found.geometry)
        alignment = alignment.model_copy(update={"thickness": layer and layer * stack.pixel_size})
        return write_alignment(series, alignment, header(stack.tilts[0].micrograph.path).shape[1:])

    def solve(self, prepared: Prepared, nominal: Geometry) -> "Solved":
        """Align prepared images: coarsely, then finely where that is an improvement."""
        side = max(16, 2 * round(prepared.size / self.patches / 2))
        coarse = align_coarsely(prepared, nominal, 3.0 * side)
        fine = align_finely(prepared, coarse, side, turn=self.refine_tilt_axis)
        if self.refine_tilt_axis and abs(fine.geometry.axis - nominal.axis) > self.largest_turn:
            fine = align_finely(prepared, coarse, side, turn=False)
        geometry = fine.geometry if gain(fine, coarse, turn=self.refine_tilt_axis) > _ALLOWANCE else coarse
        offset = None
        if self.level and geometry is not coarse:
            geometry = level(geometry, fine.bundle.patches.grid.centres.astype(float), fine.solution.heights)
            offset = float(geometry.angles[0] - nominal.angles[0])
        return Solved(geometry, offset, coarse, shares(fine), residuals(fine), fine)


@dataclass(frozen=True)
class Solved:
    """What was found, in working pixels."""

    geometry: Geometry
    tilt_offset: float | None
    """Degree that was added to the tilt angles; None where it cannot be told or is not wanted."""
    coarse: Geometry
    shares: Numbers
    """Part of the signal of each tilt that others have too."""
    residuals: Numbers
    """Root mean square misfit of each tilt."""
    fine: Aligned


def _alignment(stack: TiltStack, found: Solved, excluded: tuple[Exclusion, ...], transforms: Path) -> Alignment:
    """Return what was found, in angstrom."""
    geometry, misfits = found.geometry, found.residuals * stack.pixel_size
    places = geometry.displacements * stack.pixel_size
    tilts = tuple(
        TiltAlignment(
            name=name, angle=angle, axis_angle=geometry.axis, displacement=(place[0], place[1]), residual=misfit
        )
        for name, angle, place, misfit in zip(stack.names, geometry.angles, places, misfits, strict=True)
    )
    return Alignment(
        tilts=tilts,
        excluded=excluded,
        tilt_axis_angle=geometry.axis,
        # Noise is told by the highest frequencies: where it is overestimated, more signal is shared than is expected.
        score=float(np.mean(np.clip(found.shares, 0, 1))),
        residual=max(float(np.sqrt(np.mean(misfits**2))), 1e-6),
        tilt_offset=found.tilt_offset,
        transforms=transforms,
        program=f"cryoem-flows {version('cryoem-flows')}",
    )
