"""A tilt series as Warp and M see it.

Warp sees a point (x, y, z) at ``R(axis) (x cos(angle) - z sin(angle), y) + offset``: the sign of its angles is the
other one than that of :class:`tasks.models.TiltAlignment`, all else is the same, and so is the volume. The defocus
of a point grows with its height in the projection, unless the angles are said to be inverted, when it falls.
"""

from pathlib import Path
from typing import Literal

from pydantic import NonNegativeFloat, PositiveFloat

from tasks.errors import InputError
from tasks.models import Ctf, Micrograph, Model, Optics, Tilt, TiltAlignment
from tasks.project.found import ProcessedTiltSeries
from tasks.project.places import word
from tasks.project.tilt_rows import unweighted

Hand = Literal[-1, 1]


class WarpTilt(Model):
    """A tilt that is used."""

    name: str
    """Name of its files, without suffix; unique in a session."""
    image: Path
    """The average of its frames, without dose weighting."""
    section: int = 0
    """Section of the file that holds it."""
    angle: float
    """Tilt angle in degree, of Warp's sign."""
    axis_angle: float
    """Direction of the tilt axis in degree."""
    offset: tuple[float, float]
    """Displacement of the specimen in the image, x and y in angstrom."""
    dose: NonNegativeFloat
    """Dose before it, in electron per square angstrom."""
    ctf: Ctf | None = None


class WarpSeries(Model):
    """A tilt series with its tilts in order of Warp's angle."""

    name: str
    tilts: tuple[WarpTilt, ...]
    pixel_size: PositiveFloat
    optics: Optics
    dose_per_tilt: NonNegativeFloat
    volume: tuple[int, int, int] | None = None
    """Columns, rows and sections of the tomogram if it were not binned."""
    inverted: bool
    """Whether the defocus falls with the height (AreAnglesInverted); so it is where rlnTomoHand is -1."""


def warp_series(found: ProcessedTiltSeries, hand: Hand) -> WarpSeries:
    """Return an aligned series; tilts that the alignment leaves out are left out."""
    if found.alignment is None:
        raise InputError(f"tilt series {found.series.name}", "no alignment", "an aligned tilt series for Warp")
    exposures = {tilt.name: tilt for tilt in found.series.tilts}
    name = word(found.series.name)
    tilts = tuple(_tilt(found, name, exposures[place.name], place) for place in found.alignment.tilts)
    doses = sorted(tilt.pre_exposure for tilt in found.series.tilts)
    pixel_size = _image(found, exposures[found.alignment.tilts[0].name]).pixel_size
    return WarpSeries(
        name=name,
        tilts=tuple(sorted(tilts, key=lambda tilt: tilt.angle)),
        pixel_size=pixel_size,
        optics=found.series.optics,
        dose_per_tilt=(doses[-1] - doses[0]) / max(len(doses) - 1, 1),
        volume=_volume(found, pixel_size),
        inverted=hand < 0,
    )


def _tilt(found: ProcessedTiltSeries, series: str, tilt: Tilt, place: TiltAlignment) -> WarpTilt:
    image, name = _image(found, tilt), word(tilt.name)
    return WarpTilt(
        name=name if name.startswith(series) else f"{series}_{name}",
        image=unweighted(image),
        section=image.section,
        angle=-place.angle or 0.0,
        axis_angle=place.axis_angle,
        offset=place.displacement,
        dose=tilt.pre_exposure,
        ctf=found.ctfs.get(tilt.name),
    )


def _image(found: ProcessedTiltSeries, tilt: Tilt) -> Micrograph:
    """Return the image of a tilt: of its frames, or what came summed."""
    if isinstance(tilt.source, Micrograph):
        return tilt.source
    return found.motions[tilt.name].micrograph


def _volume(found: ProcessedTiltSeries, pixel_size: float) -> tuple[int, int, int] | None:
    if found.tomogram is None:
        return None
    depth, height, width = (round(length * found.tomogram.voxel_size / pixel_size) for length in found.tomogram.shape)
    return width, height, depth
