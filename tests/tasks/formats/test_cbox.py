import numpy as np
import pytest

from tasks.errors import FormatError
from tasks.formats.cbox import read_cbox

# After what crYOLO 1.9.9 writes.
STAR = """
data_global

_cbox_format_version 1.0

data_cryolo

loop_
_CoordinateX #1
_CoordinateY #2
_CoordinateZ #3
_Width #4
_Height #5
_Depth #6
_EstWidth #7
_EstHeight #8
_Confidence #9
_NumBoxes #10
_Angle #11
10.5 20.0 {z} 40 40 1.0 50 46 0.75 <NA> <NA>
100.0 200.0 {z} 40 40 1.0 <NA> <NA> 0.12 <NA> <NA>

data_cryolo_include

loop_
_slice_index #1

"""


def test_boxes_of_a_micrograph_have_centres_and_sizes_but_no_heights(tmp_path):
    path = tmp_path / "a.cbox"
    path.write_text(STAR.format(z="<NA>"))
    boxes = read_cbox(path)
    np.testing.assert_array_equal(boxes.centres, [(30.5, 40, np.nan), (120, 220, np.nan)])
    np.testing.assert_array_equal(boxes.confidences, [0.75, 0.12])
    np.testing.assert_array_equal(boxes.sizes, [48, np.nan])


def test_boxes_of_a_tomogram_have_heights_of_their_centres(tmp_path):
    path = tmp_path / "a.cbox"
    path.write_text(STAR.format(z="33.5"))
    np.testing.assert_array_equal(read_cbox(path).centres[:, 2], [33.5, 33.5])


# After what crYOLO 1.7 writes: no names of columns.
@pytest.mark.parametrize(("more", "sizes"), [("\t0.5\t48\t44", [46]), ("\t0.5", [np.nan])])
def test_reads_the_plain_tables_of_old_versions(tmp_path, more, sizes):
    path = tmp_path / "a.cbox"
    path.write_text(f"10.0\t20.0\t40\t44{more}\n")
    boxes = read_cbox(path)
    np.testing.assert_array_equal(boxes.centres, [(30, 42, np.nan)])
    np.testing.assert_array_equal(boxes.sizes, sizes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10 20 30\n", "rows of 3 columns; expected 5 or 7 columns"),
        ("10 20 40 40 0.5\n10 20\n", "rows of 5 columns"),
        ("10 20 40 40 x\n", "boxes that are not numbers"),
        ("data_cryolo\n\nloop_\n_CoordinateX #1\n1.0\n2.0\n", "no columns CoordinateY, Width, Height, Confidence"),
    ],
)
def test_what_is_no_list_of_boxes_is_an_error(tmp_path, text, words):
    path = tmp_path / "a.cbox"
    path.write_text(text)
    with pytest.raises(FormatError, match=words):
        read_cbox(path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        read_cbox(tmp_path / "none.cbox")
