"""The directives by which IMOD's batchruntomo aligns a tilt series."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from tasks.models import Model

COARSE_PIXEL = 10.0


class Markers(Model):
    """What IMOD follows from tilt to tilt. Lengths are in angstrom."""

    kind: Literal["patches", "fiducials"] = "patches"
    """Patches of the specimen, or gold beads that are found by themselves."""
    fiducial_diameter: PositiveFloat = 100.0
    """Diameter of the gold beads in angstrom."""
    fiducials: PositiveInt = 25
    """How many gold beads are sought."""
    patch_size: PositiveFloat = 1000.0
    """Side of a patch in angstrom."""
    patch_overlap: float = Field(default=0.5, ge=0, le=0.9)
    """Part of a patch that its neighbour shows too."""


def directives(
    markers: Markers, pixel_size: float, axis_angle: float, *, refine_axis: bool, refine_angles: bool
) -> str:
    """Return the text of a directive file."""
    found = [*_set_up(markers, pixel_size, axis_angle), *_tracking(markers, pixel_size)]
    return "".join(f"{name} = {value}\n" for name, value in [*found, *_solving(refine_axis, refine_angles)])


def _set_up(markers: Markers, pixel_size: float, axis_angle: float) -> Iterator[tuple[str, str]]:
    """Yield what is known of the series; IMOD wants nanometres."""
    gold = markers.fiducial_diameter / 10 if markers.kind == "fiducials" else 0.0
    yield "setupset.copyarg.userawtlt", "1"
    yield "setupset.copyarg.stackext", "mrc"
    yield "setupset.copyarg.dual", "0"
    yield "setupset.copyarg.rotation", f"{axis_angle:.10g}"
    yield "setupset.copyarg.pixel", f"{pixel_size / 10:.10g}"
    yield "setupset.copyarg.gold", f"{gold:.10g}"
    yield "runtime.Preprocessing.any.removeXrays", "0"
    yield "comparam.prenewst.newstack.BinByFactor", str(max(round(COARSE_PIXEL / pixel_size), 1))
    yield "comparam.prenewst.newstack.AntialiasFilter", "-1"


def _tracking(markers: Markers, pixel_size: float) -> Iterator[tuple[str, str]]:
    if markers.kind == "fiducials":
        yield "runtime.Fiducials.any.trackingMethod", "0"
        # 1 is autofidseed, which finds the beads.
        yield "runtime.Fiducials.any.seedingMethod", "1"
        yield "comparam.track.beadtrack.LightBeads", "0"
        yield "comparam.track.beadtrack.SobelFilterCentering", "1"
        yield "comparam.track.beadtrack.ScalableSigmaForSobel", "0.12"
        yield "comparam.autofidseed.autofidseed.TargetNumberOfBeads", str(markers.fiducials)
        return
    side, overlap = round(markers.patch_size / pixel_size), f"{markers.patch_overlap:.10g}"
    yield "runtime.Fiducials.any.trackingMethod", "1"
    yield "comparam.xcorr_pt.tiltxcorr.SizeOfPatchesXandY", f"{side},{side}"
    yield "comparam.xcorr_pt.tiltxcorr.OverlapOfPatchesXandY", f"{overlap},{overlap}"
    yield "comparam.xcorr_pt.tiltxcorr.IterateCorrelations", "4"
    yield "comparam.xcorr_pt.tiltxcorr.FilterSigma2", "0.03"
    yield "comparam.xcorr_pt.tiltxcorr.FilterRadius2", "0.125"
    yield "comparam.xcorr_pt.imodchopconts.LengthOfPieces", "-1"


def _solving(refine_axis: bool, refine_angles: bool) -> Iterator[tuple[str, str]]:
    """Yield what tiltalign solves for: one axis, no magnification, and no more, or too few markers decide too much."""
    yield "comparam.align.tiltalign.SurfacesToAnalyze", "1"
    yield "comparam.align.tiltalign.RotOption", "-1" if refine_axis else "0"
    yield "comparam.align.tiltalign.TiltOption", "5" if refine_angles else "0"
    yield "comparam.align.tiltalign.MagOption", "0"
    yield "comparam.align.tiltalign.BeamTiltOption", "0"
    yield "comparam.align.tiltalign.RobustFitting", "1"
    yield "comparam.align.tiltalign.LocalAlignments", "0"
