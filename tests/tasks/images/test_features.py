import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.images import data_uri
from tasks.images.features import COLOURS, beside_features, picture_features


@pytest.fixture
def volume(tmp_path):
    data = np.zeros((8, 16, 32), np.float32)
    data[:, ::2] = 1
    write_mrc(tmp_path / "volume.mrc", data, 10.0)
    return tmp_path / "volume.mrc"


@pytest.fixture
def labels(tmp_path):
    """Return labels high in y and left in x, all along z: part 7."""
    data = np.zeros((8, 16, 32), np.int16)
    data[:, 12:14, 3:6] = 7
    write_mrc(tmp_path / "labels.mrc", data, 10.0)
    return tmp_path / "labels.mrc"


def coloured(picture):
    pixels = np.asarray(picture).astype(int)
    return np.ptp(pixels, axis=-1) > 40


def test_what_is_labelled_has_colour_where_it_lies(volume, labels):
    picture = beside_features(volume, volume, [labels], longest=70)
    assert picture.size == (32 + 4 + 32, 16)
    # Row 0 of a picture is its top, where y is highest.
    expected = np.zeros((16, 68), bool)
    expected[2:4, 36 + 3 : 36 + 6] = True
    np.testing.assert_array_equal(coloured(picture), expected)
    assert data_uri(picture).startswith("data:image/jpeg;base64,/9j/")


def test_features_have_colours_of_their_own(volume, labels, tmp_path):
    other = np.zeros((8, 16, 32), np.int8)
    other[:, 2:4, 20:25] = 1
    write_mrc(tmp_path / "other.mrc", other, 10.0)
    pixels = np.asarray(picture_features(volume, [labels, tmp_path / "other.mrc"], 40)).astype(int)
    assert pixels.shape == (16 + 4 + 8, 32, 3)
    first, second = pixels[2, 4], pixels[13, 22]
    assert (first.argmax(), second.argmax()) == (np.argmax(COLOURS[0]), np.argmax(COLOURS[1]))
    assert coloured(pixels).sum() == 2 * 3 + 2 * 5


def test_without_labels_all_is_grey(volume):
    picture = picture_features(volume, [], 64)
    assert not coloured(picture).any()
    assert picture.size == (64, 56)
