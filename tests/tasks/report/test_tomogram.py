from pathlib import Path

import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.models import Alignment, Tomogram
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
