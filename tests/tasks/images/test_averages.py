import numpy as np
import pytest

from tasks.errors import FormatError
from tasks.formats.mrc import write_mrc
from tasks.images import COLUMNS, TILE, picture_averages
from tasks.images.averages import picture_average


@pytest.fixture
def stack(tmp_path):
    """Averages of which average k is bright in row k only; the first row is the lowest."""
    averages = np.zeros((12, 16, 16), np.float32)
    for number in range(12):
        averages[number, number] = 1 + number
    write_mrc(tmp_path / "averages.mrcs", averages, 4, stack=True)
    return tmp_path / "averages.mrcs"


def brightest_row(sheet, place):
    across, down = place % COLUMNS * TILE, place // COLUMNS * TILE
    tile = np.asarray(sheet)[down : down + TILE, across : across + TILE]
    return tile.mean(axis=1).argmax() * 16 // TILE


def test_averages_stand_upright_in_the_order_of_their_numbers(stack):
    sheet = picture_averages(stack, [4, 1, *range(2, 12)])
    assert sheet.size == (COLUMNS * TILE, 2 * TILE)
    assert [brightest_row(sheet, place) for place in (0, 1, 11)] == [15 - 3, 15, 15 - 10]


def test_each_average_has_its_own_contrast(stack):
    sheet = np.asarray(picture_averages(stack, [2, 12]))
    assert sheet[:, :TILE].max() == sheet[:, TILE : 2 * TILE].max() == 255


def test_one_average_fills_its_picture_upright(stack):
    picture = picture_average(stack, 4, side=160)
    assert picture.size == (160, 160)
    assert np.asarray(picture).mean(axis=1).argmax() // 10 == 15 - 3


def test_a_class_that_the_file_has_not_is_refused(stack):
    with pytest.raises(FormatError, match="12 averages"):
        picture_averages(stack, [13])
    with pytest.raises(FormatError, match="12 averages"):
        picture_average(stack, 0)


def test_an_average_that_holds_no_numbers_is_shown_as_nothing(tmp_path):
    (tmp_path / "a.mrcs").write_bytes(b"")
    write_mrc(tmp_path / "a.mrcs", np.zeros((1, 8, 8), np.float32), 4, stack=True)
    data = bytearray((tmp_path / "a.mrcs").read_bytes())
    data[1024:] = np.full(64, np.nan, np.float32).tobytes()
    (tmp_path / "a.mrcs").write_bytes(data)
    assert np.asarray(picture_averages(tmp_path / "a.mrcs", [1])).max() == 0
