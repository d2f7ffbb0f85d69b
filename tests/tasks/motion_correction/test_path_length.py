from pathlib import Path

import pytest

from tasks.errors import ResultError
from tasks.models import Acquisition, Movie
from tasks.motion_correction.path_length import check_steps, path_lengths

PATH = [(0.0, 0.0), (3.0, 4.0), (3.0, 5.0), (3.0, 7.0)]
MOVIE = Movie(path=Path("a.tiff"), acquisition=Acquisition(pixel_size=1))


def test_parts_the_path_at_four_electrons():
    assert path_lengths(PATH, 2.0) == (6.0, 2.0)


def test_takes_everything_for_early_where_the_dose_is_unknown():
    assert path_lengths(PATH, 0.0) == (8.0, 0.0)


def test_has_no_path_in_one_frame():
    assert path_lengths([(0.0, 0.0)], 1.0) == (0.0, 0.0)


def test_refuses_absurd_motion():
    with pytest.raises(ResultError, match="5 angstrom"):
        check_steps(MOVIE, PATH, 4.9)
    check_steps(MOVIE, PATH, 5.1)
