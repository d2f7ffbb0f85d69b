"""The request for the particles of a micrograph."""

from pathlib import Path
from typing import ClassVar

from tasks.murfey.request import Request
from tasks.murfey.values import AbsolutePath, Box, Identifier, KnownSize, Number, Positive, Size, Truth


class SpaExtract(Request):
    """Extract the particles of a micrograph, now that their diameter is known."""

    recipe: ClassVar[str] = "em-spa-extract"
    kind: ClassVar[str] = "extraction"
    identity: ClassVar[tuple[str, ...]] = ("micrographs_file",)
    place: ClassVar[str] = "micrographs_file"
    answers_name: ClassVar[tuple[str, ...]] = ("autoproc_program_id", "session_id")

    micrographs_file: AbsolutePath
    """The micrograph, as an answer of ours named it."""
    coord_list_file: AbsolutePath
    """The positions of its particles, as an answer of ours named them."""
    output_file: AbsolutePath
    """Where the star file of the particles is looked for."""
    pixel_size: Size
    """Pixel size of the micrograph in angstrom, after binning."""
    kv: Size | None = None
    """Acceleration voltage in kilovolt."""
    ctf_image: AbsolutePath | None = None
    """Picture of the fitted CTF, as an answer of ours named it."""
    ctf_max_resolution: Number | None = None
    """Resolution to which the CTF fits, in angstrom."""
    ctf_figure_of_merit: Number | None = None
    """Correlation of the fit."""
    defocus_u: Number | None = None
    """Larger defocus in angstrom."""
    defocus_v: Number | None = None
    """Smaller defocus in angstrom."""
    defocus_angle: Number | None = None
    """Direction of the larger defocus in degree."""
    particle_diameter: KnownSize = None
    """Diameter of the particles in angstrom: the same for the rest of the session."""
    boxsize: Box | None = None
    """Side of the boxes in pixels of the micrograph; counts only where the diameter is not known."""
    small_boxsize: Box | None = None
    """Side of the boxes in pixels after scaling down; counts only where the diameter is not known."""
    downscale: Truth = True
    """Whether particles are scaled down."""
    batch_size: Positive = 50000
    """Number of particles in a batch for classification in 2D."""
    session_id: Identifier | None = None
    """Murfey's session."""

    @property
    def boxes(self) -> tuple[int, int] | None:
        """Sides of the boxes and of their images in pixels; none if they follow from the diameter."""
        if self.particle_diameter or not self.boxsize:
            return None
        scaled = self.small_boxsize if self.downscale else None
        return self.boxsize, min(scaled or self.boxsize, self.boxsize)

    @property
    def places(self) -> tuple[Path, ...]:
        """Where Murfey looks for what is found: not at the micrograph, which is there already."""
        return (self.output_file,)
