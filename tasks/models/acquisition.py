"""How images were taken: the microscope, the camera and the dose."""

from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat

from tasks.models.base import Model


class Optics(Model):
    """The imaging conditions that shape the contrast transfer function."""

    voltage: PositiveFloat = 300.0
    """Acceleration voltage in kilovolt."""
    spherical_aberration: NonNegativeFloat = 2.7
    """Spherical aberration in millimetre."""
    amplitude_contrast: float = Field(default=0.1, ge=0, le=1)
    """Fraction of the contrast that is amplitude contrast."""


class GainReference(Model):
    """A gain reference and how it is turned to fit the frames.

    The reference is first rotated, then flipped, as MotionCor and RELION do it.
    """

    path: Path
    """MRC, TIFF (also named .gain) or DM4 file."""
    rotation: Literal[0, 1, 2, 3] = 0
    """Quarter turns, counter-clockwise."""
    flip: Literal["none", "upside-down", "left-right"] = "none"
    """Flip after the rotation."""


class EerSampling(Model):
    """How the electron events of an EER file become frames."""

    grouping: int = Field(default=32, ge=1)
    """Hardware frames summed to one frame."""
    upsampling: Literal[1, 2] = 1
    """1 for the pixels of the sensor (4k), 2 for super-resolution (8k)."""


class Acquisition(Optics):
    """How the movies of a session were taken."""

    pixel_size: PositiveFloat
    """Pixel size of the stored frames in angstrom (of EER: after upsampling)."""
    dose_per_frame: NonNegativeFloat = 1.0
    """Dose of one frame in electron per square angstrom (of EER: after grouping)."""
    gain: GainReference | None = None
    """Gain reference; none if the frames are already corrected."""
    defects: Path | None = None
    """Defects of the camera: a text file of rectangles (x y width height) or an image, defect > 0."""
    eer: EerSampling = EerSampling()
    """Used for EER files only."""

    @property
    def optics(self) -> Optics:
        """The imaging conditions alone."""
        return Optics.model_validate({name: getattr(self, name) for name in Optics.model_fields})
