import numpy as np
import pytest
import tifffile

from tasks.errors import FormatError, InputError
from tasks.formats.defects import read_defects
from tasks.formats.mrc import write_mrc


def test_reads_rectangles_from_the_lowest_row(tmp_path):
    (tmp_path / "defects.txt").write_text("# x y w h\n1 0 2 1\n\n3 4 9 9\n")
    mask = read_defects(tmp_path / "defects.txt", (5, 4))
    assert np.argwhere(mask).tolist() == [[0, 1], [0, 2], [4, 3]]


def test_reads_images_of_every_kind(tmp_path):
    image = np.array([[0, 1, 0], [0, 0, 5]], np.float32)
    write_mrc(tmp_path / "defects.mrc", image, 1)
    tifffile.imwrite(tmp_path / "defects.tif", image[::-1])
    for name in ("defects.mrc", "defects.tif"):
        assert np.array_equal(read_defects(tmp_path / name, (2, 3)), image > 0)


def test_refuses_an_image_of_another_shape(tmp_path):
    write_mrc(tmp_path / "defects.mrc", np.zeros((2, 3), np.float32), 1)
    with pytest.raises(InputError, match="3 x 2 pixels; expected 4 x 4 as the frames have"):
        read_defects(tmp_path / "defects.mrc", (4, 4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HotPixel 3 4\n", "line 1 has 3 values .*expected 4 in a text file of rectangles"),
        ("a b c d\n", "line 1: could not convert"),
        ("4 0 1 1\n", "rectangle 4 0 1 1; expected one in 4 x 5 pixels"),
        ("1.5 0 1 1\n", "rectangle 1.5 0 1 1"),
        ("-1 0 1 1\n", "rectangle -1 0 1 1"),
    ],
)
def test_refuses_what_are_no_rectangles(tmp_path, text, message):
    (tmp_path / "defects.txt").write_text(text)
    with pytest.raises(FormatError, match=message):
        read_defects(tmp_path / "defects.txt", (5, 4))
