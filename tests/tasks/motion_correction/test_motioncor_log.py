from pathlib import Path

import numpy as np
import pytest

from tasks.errors import ResultError
from tasks.motion_correction.motioncor_log import read_log, read_version

DATA = Path(__file__).parents[2] / "data" / "motioncor"


@pytest.mark.parametrize(
    ("name", "frames", "second", "last"),
    [
        ("motioncor2_1.5.0_eer.log", 16, (0.79, 2.71), (3.78, 13.11)),
        ("motioncor2_1.6.4_eer.log", 16, (0.61, 2.32), (3.79, 13.12)),
        ("motioncor2_tiff.log", 40, (-0.13, -0.33), (-1.43, 0.12)),
    ],
)
def test_reads_displacements_from_the_first_frame(name, frames, second, last):
    found = read_log((DATA / name).read_text())
    assert len(found) == frames
    np.testing.assert_allclose([found[0], found[1], found[-1]], [(0, 0), second, last], atol=1e-9)


def test_two_versions_agree_on_the_same_movie():
    older, newer = (read_log((DATA / f"motioncor2_{version}_eer.log").read_text()) for version in ("1.5.0", "1.6.4"))
    assert np.abs(np.array(older) - np.array(newer)).max() < 1


def test_refuses_a_log_without_shifts():
    text = (DATA / "motioncor2_1.6.4_eer.log").read_text()
    with pytest.raises(ResultError, match="no full-frame alignment"):
        read_log(text.split("Full-frame alignment")[0])
    with pytest.raises(ResultError, match="no shifts below"):
        read_log(text.split("    1      0.000")[0])


def test_refuses_a_log_that_skips_a_frame():
    text = (DATA / "motioncor2_1.6.4_eer.log").read_text()
    with pytest.raises(ResultError, match="expected frame 3"):
        read_log(text.replace("    3     -1.070", "    4     -1.070"))


def test_reads_the_version():
    assert read_version("MotionCor3 version 1.2.1\nBuilt on May 14 2025\n") == "MotionCor3 1.2.1"
    with pytest.raises(ResultError, match="no version"):
        read_version("command not understood")
