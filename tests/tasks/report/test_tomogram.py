from pathlib import Path

import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.models import Alignment, Tomogram, TomogramPicks
from tasks.models.contents import Contents, Shortfall, Shortfalls
from tasks.models.segmentation import Feature, Segmentation
from tasks.report.tomogram import page


@pytest.fixture
def tomogram(tmp_path: Path) -> Tomogram:
    volume = np.random.default_rng(1).normal(size=(8, 16, 20)).astype(np.float32)
    write_mrc(tmp_path / "a.mrc", volume, 10.0)
    return Tomogram(path=tmp_path / "a.mrc", shape=(8, 16, 20), voxel_size=10.0, program="test")


def alignment(**measured: float) -> Alignment:
    return Alignment(tilts=(), tilt_axis_angle=85, score=0.9, transforms=Path("a.xf"), program="test", **measured)


def test_says_how_the_specimen_lies(tomogram):
    text = page("a", alignment(tilt_offset=-2.344, thickness=1512.34), tomogram, tomogram)
    assert "| tilt offset | -2.34 deg |" in text
    assert "| thickness of the specimen | 1512.3 A |" in text


def test_says_what_was_not_measured(tomogram):
    text = page("a", alignment(), tomogram, tomogram)
    assert "| tilt offset | not measured |" in text
    assert "| thickness of the specimen | not measured |" in text


def test_says_what_is_in_the_tomogram(tomogram, tmp_path):
    write_mrc(tmp_path / "membrane.mrc", np.ones((8, 16, 20), np.int16), 10.0)
    membrane = Feature(name="membrane", labels=tmp_path / "membrane.mrc", fraction=0.0234, parts=4)
    segmentation = Segmentation(
        tomogram=tomogram.path, features=(membrane,), voxel_size=10, shape=tomogram.shape, program="finder 1"
    )
    picks = TomogramPicks(
        tomogram=tomogram, coordinates=tmp_path / "a.star", count=17, diameter=250, threshold=5, program="picker 2"
    )
    text = page("a", alignment(), tomogram, tomogram, Contents(segmentation=segmentation, picks=picks))
    assert "denoised, with membrane in colour." in text
    assert f"| membrane | 2.3% of the volume in 4 parts: `{membrane.labels}` |\n" in text
    assert "| particles picked | 17: " in text
    assert "| picked by | picker 2 |\n" in text


def test_says_what_the_tomogram_lacks(tomogram):
    failed = Shortfall(step="tomogram_picking", kind="tool-error", reason="it | broke\nbadly")
    text = page("a", alignment(), tomogram, tomogram, Contents(shortfalls=Shortfalls(failed=(failed,))))
    assert text.endswith("| no picking of particles | tool-error: it / broke badly |\n")
