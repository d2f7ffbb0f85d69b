import numpy as np
import pytest

from tasks.errors import CommandError
from tasks.formats.emptiness import refuse_empty
from tasks.formats.mrc import write_mrc


def volume(path, values):
    write_mrc(path, np.asarray(values, np.float32), 1.0)
    return path


def test_what_shows_something_is_taken(tmp_path):
    refuse_empty(volume(tmp_path / "a.mrc", np.arange(24).reshape(2, 3, 4)), "MotionCor3")


@pytest.mark.parametrize("shape", [(8, 8), (9, 8, 8)])
def test_what_holds_one_value_is_refused_by_the_name_of_the_program(tmp_path, shape):
    with pytest.raises(CommandError, match=r"MotionCor3 ended well, but a.mrc holds nothing but 0"):
        refuse_empty(volume(tmp_path / "a.mrc", np.zeros(shape)), "MotionCor3")


def test_what_holds_no_numbers_is_refused(tmp_path):
    path = volume(tmp_path / "a.mrc", np.arange(64).reshape(8, 8))
    data = bytearray(path.read_bytes())
    data[-4:] = np.float32(np.nan).tobytes()
    path.write_bytes(data)
    with pytest.raises(CommandError, match="not finite"):
        refuse_empty(path, "AreTomo3")
