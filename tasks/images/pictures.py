"""Grey pictures of images, with the contrast that shows the specimen."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.errors import FormatError
from tasks.formats.files import replacing

Grey = npt.NDArray[np.uint8]
Levels = tuple[float, float]
"""Which values are black and white."""

_NARROWEST = 1e-30
"""Of a constant image."""
_ENOUGH = 2**17
"""Pixels to judge the contrast by."""


def contrast(image: npt.NDArray[Any], outside: float = 0.5) -> Grey:
    """Scale an image to 8 bits, so that ``outside`` percent of the pixels at each end are black or white."""
    return scaled(image, levels(image, outside))


def levels(image: npt.NDArray[Any], outside: float = 0.5) -> Levels:
    """Return the values beyond which ``outside`` percent of the pixels lie at each end."""
    # Of millions of pixels, some tell as much. An odd step does not stay within a column.
    some = image.reshape(-1)[:: image.size // _ENOUGH | 1]
    low, high = np.percentile(some, (outside, 100 - outside))
    return float(low), float(high)


def scaled(image: npt.NDArray[Any], between: Levels) -> Grey:
    """Scale an image to 8 bits, black and white at two values."""
    low, high = between
    width = max(high - low, _NARROWEST)
    return np.asarray(np.clip((image - low) / width, 0, 1) * 255, dtype=np.uint8)


def upright(grey: Grey, longest: int) -> Image.Image:
    """Turn an image with y upwards into a picture of at most ``longest`` pixels; a small one is enlarged."""
    return _sized(Image.fromarray(np.ascontiguousarray(grey[::-1])), longest)


def upright_colours(colours: npt.NDArray[np.uint8], longest: int) -> Image.Image:
    """Do the same with an image of red, green and blue."""
    return _sized(Image.fromarray(np.ascontiguousarray(colours[::-1]), "RGB"), longest)


def _sized(picture: Image.Image, longest: int) -> Image.Image:
    enlarged = longest // max(picture.size)
    if enlarged > 1:
        return picture.resize((picture.width * enlarged, picture.height * enlarged), Image.Resampling.NEAREST)
    picture.thumbnail((longest, longest), Image.Resampling.BOX)
    return picture


def save_picture(path: Path, picture: Image.Image) -> Path:
    """Write a picture in the format that its suffix names."""
    with replacing(path) as beside:
        picture.save(beside)
    return path


def data_uri(picture: Image.Image) -> str:
    """Return a picture as text that a web page can show without asking for a file."""
    buffer = BytesIO()
    picture.convert("RGB" if picture.mode == "RGB" else "L").save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def read_picture(path: Path) -> Image.Image:
    """Read a picture of any format, without transparency or palette, so that it can be written in any other."""
    try:
        return Image.open(path).convert("RGB")
    except (OSError, SyntaxError) as reason:
        raise FormatError(path, f"cannot be read ({reason})", "a picture") from reason
