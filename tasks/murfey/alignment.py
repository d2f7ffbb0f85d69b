"""The request for a tomogram of a tilt series that is complete."""

from typing import ClassVar

from pydantic import Field

from tasks.murfey.request import Request
from tasks.murfey.tilts import Replaced, TiltsByAngle
from tasks.murfey.values import AbsolutePath, Amount, Count, Identifier, Number, Size

_STACK = "_stack"


class TomoAlign(Request):
    """Align a tilt series and reconstruct its tomogram; again, when a tilt has come late."""

    recipe: ClassVar[str] = "em-tomo-align"
    kind: ClassVar[str] = "tilt_series"
    identity: ClassVar[tuple[str, ...]] = ("stack_file",)
    place: ClassVar[str] = "stack_file"

    autoproc_program_id: Identifier | None = Field(default=None, validation_alias="appid")
    """Row of the recipe's program in ISPyB: what is found belongs to it."""
    tilts: TiltsByAngle = Field(validation_alias="input_file_list")
    """The tilts, in the order of their angles, one of each angle: of two, the one that was listed later."""
    replaced: Replaced = Field(default=(), validation_alias="input_file_list")
    """Micrographs of tilts that were taken again, and are not used."""
    stack_file: AbsolutePath
    """Where the stack is looked for. Murfey does not name the same folder in every message about a series."""
    pixel_size: Size
    """Pixel size of the movies in angstrom, before binning."""
    tilt_axis: Number | None = None
    """Direction of the tilt axis in degree."""
    manual_tilt_offset: Number = 0.0
    """What is added to the angles, in degree, so that their middle lies near 0."""
    dose_per_frame: Amount | None = None
    """Dose of a frame in electron per square angstrom."""
    frame_count: Count = 0
    """Number of frames of a tilt; 0 if it is not known."""
    kv: Size | None = None
    """Acceleration voltage in kilovolt."""
    dcid: Identifier | None = None
    """Row of the data collection in ISPyB, which is that of the series."""
    search_map_id: Identifier | None = None
    """Row of the search map in ISPyB."""
    x_location: Number | None = None
    """Position of the series on the search map in pixels, from the left."""
    y_location: Number | None = None
    """Position of the series on the search map in pixels, from the top."""

    @property
    def series(self) -> str:
        """Name of the series."""
        return self.stack_file.stem.removesuffix(_STACK)
