from pathlib import Path

import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.models import Acquisition

FRAMES = 3


@pytest.fixture
def acquisition():
    return Acquisition(pixel_size=2.0, dose_per_frame=1.0)


@pytest.fixture
def frames(tmp_path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    return folder


@pytest.fixture
def write():
    """Write a movie, by default of three frames of 4 x 5 pixels."""

    def write_movie(path: Path, shape=(FRAMES, 4, 5)):
        path.parent.mkdir(parents=True, exist_ok=True)
        stack = np.ones(shape, np.uint8)
        if path.suffix == ".mrc":
            write_mrc(path, stack.astype(np.int16), 2.0, stack=True)
        else:
            write_tiff_frames(path, list(stack), 2.0)

    return write_movie


@pytest.fixture
def write_mdoc(tmp_path):
    """Write an mdoc of (angle, name, further lines) in the order of its sections."""

    def write_sections(
        sections, name="TS_01.mrc.mdoc", title="[T =     Tilt axis angle = 85.3, binning = 1]", kind="ZValue"
    ):
        lines = ["PixelSpacing = 2", "Voltage = 300", "", title, ""]
        for number, (angle, path, more) in enumerate(sections):
            lines += [f"[{kind} = {number}]", f"TiltAngle = {angle}", *more]
            lines += [f"SubFramePath = {path}", ""] if path else [""]
        mdoc = tmp_path / name
        mdoc.write_text("\n".join(lines))
        return mdoc

    return write_sections
