"""Grey pictures of images, with the contrast that shows the specimen."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.formats.files import replacing

Grey = npt.NDArray[np.uint8]


def contrast(image: npt.NDArray[Any], outside: float = 0.5) -> Grey:
    """Scale an image to 8 bits, so that ``outside`` percent of the pixels at each end are black or white."""
    low, high = np.percentile(image, (outside, 100 - outside))
    width = max(float(high - low), np.finfo(np.float32).tiny)
    return np.asarray(np.clip((image - low) / width * 255, 0, 255), dtype=np.uint8)


def upright(grey: Grey, longest: int) -> Image.Image:
    """Turn an image with y upwards into a picture of at most ``longest`` pixels; a small one is enlarged."""
    picture = Image.fromarray(np.ascontiguousarray(grey[::-1]))
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
