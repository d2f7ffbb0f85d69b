"""What is known of the contrast transfer function of an image."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat

from tasks.models.base import Incidental, Model


class TiltGeometry(Model):
    """How the specimen plane lies in an image."""

    angle: float
    """Tilt of the specimen in degree."""
    axis_angle: float
    """Direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""


class Ctf(Model):
    """The contrast transfer function of one image, at its centre."""

    defocus_u: float
    """Larger defocus in angstrom; underfocus is positive."""
    defocus_v: float
    """Smaller defocus in angstrom."""
    defocus_angle: float = Field(ge=-180, le=180)
    """Direction of the larger defocus in degree, counter-clockwise from the x axis."""
    phase_shift: float = 0.0
    """Phase shift of a phase plate in degree."""
    resolution: PositiveFloat
    """Resolution to which Thon rings were fitted, in angstrom."""
    figure_of_merit: float
    """Correlation of the observed with the fitted spectrum, at most 1."""
    ice_ring: NonNegativeFloat
    """Power in the ring of crystalline ice (3.7 angstrom) above its neighbours, as a fraction; 0 without ice or if
    the pixel size does not reach it."""
    diagnostic: Path
    """Picture of the observed beside the fitted spectrum."""
    profile: Path
    """Radial profile: a table of frequency, observed, fitted and background."""
    # No other step depends on these two: what was made with a CTF that does not know them stays as good.
    tilt: Annotated[TiltGeometry | None, Incidental()] = None
    """Tilt of the specimen, if the program determined it."""
    thickness: Annotated[PositiveFloat | None, Incidental()] = None
    """Thickness of the specimen in angstrom, if the program determined it."""
    program: str
    """Name and version of the program."""

    @property
    def defocus(self) -> float:
        """Mean defocus in angstrom."""
        return (self.defocus_u + self.defocus_v) / 2

    @property
    def astigmatism(self) -> float:
        """Difference of the two defoci in angstrom."""
        return self.defocus_u - self.defocus_v
