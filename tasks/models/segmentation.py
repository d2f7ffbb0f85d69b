"""What a tomogram is made of: which voxels belong to membranes and to other features."""

from pathlib import Path

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.models.base import Model


class Feature(Model):
    """One kind of thing, and where in a tomogram it is. Nowhere is a result too."""

    name: str = Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")
    """What is labelled, in lower case: membrane, ribosome, microtubule, nuclear_envelope ..."""
    labels: Path
    """MRC volume on the voxels of the tomogram: 0 where it is not, a positive number where it is. Where the program
    tells connected parts apart, it is the number of the part, from 1; otherwise it is 1."""
    scores: Path | None = None
    """MRC volume of how sure the program is of each voxel, on its own scale; not always kept."""
    fraction: float = Field(ge=0, le=1)
    """Share of the voxels that are labelled."""
    parts: NonNegativeInt | None = None
    """Number of connected parts, where the program tells them apart."""


class Segmentation(Model):
    """Which voxels of a tomogram belong to which features."""

    tomogram: Path
    """The volume in which they were found."""
    features: tuple[Feature, ...] = Field(min_length=1)
    """In the order in which they were asked for."""
    voxel_size: PositiveFloat
    """Voxel size of the labels in angstrom: that of the tomogram."""
    shape: tuple[PositiveInt, PositiveInt, PositiveInt]
    """Voxels in z, y and x: those of the tomogram."""
    program: str
    """Name and version of the program."""
