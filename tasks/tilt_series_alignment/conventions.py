"""The geometry of alignments in the words of other programs.

Ours: :class:`tasks.models.TiltAlignment`. The others:

* IMOD: the image is turned by minus the axis angle about its centre, which lies between the middle pixels of an even
  number of pixels, and then shifted, so that the tilt axis is the y axis of the aligned image.
* AreTomo: the image is moved by minus the displacement, then turned by minus the axis angle; centre is pixel n // 2.
* RELION 5: the shift of a tilt is the displacement in angstrom, its rotation about z the axis angle.
"""

import math

import numpy as np
import numpy.typing as npt

from tasks.formats.aln import AlnSection
from tasks.formats.xf import Transform
from tasks.models import Shift, TiltAlignment


def to_imod(tilt: TiltAlignment, pixel_size: float, shape: tuple[int, int]) -> Transform:
    """Return the transform of a raw image of (ny, nx) pixels to the aligned image."""
    turn = _turned_back(tilt.axis_angle)
    centre = _centre_difference(shape)
    shift = -turn @ (np.array(tilt.displacement) / pixel_size + centre)
    return Transform(a11=turn[0, 0], a12=turn[0, 1], a21=turn[1, 0], a22=turn[1, 1], dx=shift[0], dy=shift[1])


def from_imod(
    transform: Transform, name: str, angle: float, pixel_size: float, shape: tuple[int, int]
) -> TiltAlignment:
    """Return the alignment of a tilt from its transform; a change of magnification or a shear is left out."""
    linear = np.array([[transform.a11, transform.a12], [transform.a21, transform.a22]])
    displacement = -np.linalg.solve(linear, [transform.dx, transform.dy]) - _centre_difference(shape)
    axis_angle = math.degrees(math.atan2(linear[0, 1] - linear[1, 0], linear[0, 0] + linear[1, 1]))
    return TiltAlignment(
        name=name, angle=angle, axis_angle=axis_angle, displacement=_angstroms(displacement, pixel_size)
    )


def to_aretomo(tilt: TiltAlignment, section: int, pixel_size: float) -> AlnSection:
    """Return the row of an .aln file."""
    x, y = tilt.displacement
    shift = (x / pixel_size, y / pixel_size)
    return AlnSection(section=section, rotation=tilt.axis_angle, shift=shift, tilt=tilt.angle)


def from_aretomo(section: AlnSection, name: str, pixel_size: float) -> TiltAlignment:
    """Return the alignment of a tilt from a row of an .aln file."""
    displacement = _angstroms(np.array(section.shift), pixel_size)
    return TiltAlignment(name=name, angle=section.tilt, axis_angle=section.rotation, displacement=displacement)


def to_relion(tilt: TiltAlignment) -> dict[str, float]:
    """Return the columns of a tilt in an aligned tilt series of RELION 5."""
    return {
        "rlnTomoXTilt": 0.0,
        "rlnTomoYTilt": tilt.angle,
        "rlnTomoZRot": tilt.axis_angle,
        "rlnTomoXShiftAngst": tilt.displacement[0],
        "rlnTomoYShiftAngst": tilt.displacement[1],
    }


def _turned_back(axis_angle: float) -> npt.NDArray[np.float64]:
    angle = math.radians(axis_angle)
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


def _centre_difference(shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return x and y of pixel n // 2 from the centre of IMOD."""
    return np.array([0.5 if length % 2 == 0 else 0.0 for length in (shape[1], shape[0])])


def _angstroms(pixels: npt.NDArray[np.float64], pixel_size: float) -> Shift:
    return float(pixels[0] * pixel_size), float(pixels[1] * pixel_size)
