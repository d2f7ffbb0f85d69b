from pathlib import Path

import pytest

from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.models import Acquisition, GainReference, Movie

PIXEL_SIZE = 2.0


@pytest.fixture
def make_movie(tmp_path):
    """Write counts as a movie and return it."""

    def make(counts, *, gain=None, name="movie.tiff", **acquisition):
        path: Path = tmp_path / name
        if path.suffix == ".tiff":
            write_tiff_frames(path, list(counts), PIXEL_SIZE)
        else:
            write_mrc(path, counts, PIXEL_SIZE, stack=True)
        if gain is not None:
            write_mrc(tmp_path / "gain.mrc", gain, PIXEL_SIZE)
            acquisition["gain"] = GainReference(path=tmp_path / "gain.mrc")
        acquisition.setdefault("dose_per_frame", 1.0)
        return Movie(path=path, acquisition=Acquisition(pixel_size=PIXEL_SIZE, **acquisition))

    return make
