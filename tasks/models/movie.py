"""Movies, the images made of them, and the motion found in them."""

from pathlib import Path
from typing import Annotated

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat

from tasks.models.acquisition import Acquisition
from tasks.models.base import Incidental, Model, Shift


class Movie(Model):
    """Frames of one exposure in one file."""

    path: Path
    """MRC, TIFF or EER file."""
    acquisition: Acquisition
    pre_exposure: NonNegativeFloat = 0.0
    """Dose that the specimen had before the first frame, in electron per square angstrom."""


class Micrograph(Model):
    """An image of the specimen: a file, or one section of a stack."""

    path: Path
    """The image."""
    pixel_size: PositiveFloat
    """Pixel size in angstrom."""
    section: NonNegativeInt = 0
    """Section of the file that holds the image."""
    unweighted: Path | None = None
    """The same image without dose weighting."""
    even: Path | None = None
    """Sum of the even frames (the second, the fourth ...)."""
    odd: Path | None = None
    """Sum of the odd frames (the first, the third ...)."""
    power_spectrum: Path | None = None
    """Power spectrum of short frame groups, on which Thon rings show best."""
    weighted: Annotated[bool, Incidental()] = True
    """Whether it is weighted by dose, if it was made of a movie: the same file always is, or never."""


class Motion(Model):
    """What motion correction finds in a movie.

    A displacement says where the specimen is in a frame relative to the first frame,
    as x and y in angstrom; correcting the frame moves it by minus the displacement.
    """

    micrograph: Micrograph
    """The corrected images."""
    displacements: tuple[Shift, ...]
    """Global displacement of each frame in angstrom; the first is (0, 0)."""
    local_coefficients: tuple[float, ...] = ()
    """Local motion model of RELION (18 coefficients of x, then 18 of y); empty without local motion."""
    early: NonNegativeFloat
    """Path length of the motion within the first 4 electron per square angstrom, in angstrom."""
    late: NonNegativeFloat
    """Path length of the motion after that, in angstrom."""
    hot_pixels: NonNegativeInt = 0
    """Pixels that were replaced because they were hot or defect."""
    metadata: Path
    """RELION's star file of the movie."""
    program: str
    """Name and version of the program."""

    @property
    def total(self) -> float:
        """Path length of the motion in angstrom."""
        return self.early + self.late
