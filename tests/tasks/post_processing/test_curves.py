import pytest

from tasks.errors import FormatError
from tasks.models.resolution import FscShell
from tasks.post_processing.curves import crossing, read_curves


def shell(resolution, value):
    return FscShell(resolution=resolution, corrected=value, unmasked=value, masked=value, randomised=0.0)


def test_the_resolution_is_that_of_the_last_shell_before_the_curve_falls():
    fsc = [shell(40, 0.9), shell(20, 0.5), shell(10, 0.1), shell(8, 0.6)]
    assert crossing(fsc, "corrected") == 20


def test_a_curve_that_never_falls_ends_at_the_pixels():
    assert crossing([shell(40, 0.9), shell(20, 0.5)], "unmasked") == 20


def test_a_curve_that_is_low_at_once_has_no_resolution():
    assert crossing([shell(40, 0.0), shell(20, 0.5)], "unmasked") is None


def test_refuses_another_star_file(tmp_path):
    (tmp_path / "a.star").write_text("data_general\n\n_rlnFinalResolution 4.0\n\ndata_fsc\n\nloop_\n_rlnA #1\n1\n2\n")
    with pytest.raises(FormatError, match="rlnAngstromResolution"):
        read_curves(tmp_path / "a.star")
