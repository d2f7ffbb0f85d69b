import numpy as np
import pytest
import tifffile

from tasks.errors import FormatError
from tasks.formats import eer
from tasks.formats.eer_writer import big_tiff, encode, write_eer
from tasks.models import EerSampling


def electrons(seed, count, shape=(64, 48), rate=0.02):
    """Draw hardware frames on the grid of half pixels; no two electrons share a pixel of the sensor."""
    random = np.random.default_rng(seed)
    frames = np.zeros((count, shape[0], 2, shape[1], 2), bool)
    hit = random.random((count, *shape)) < rate
    half = random.integers(0, 2, (2, count, *shape))
    number, row, column = np.nonzero(hit)
    frames[number, row, half[0][hit], column, half[1][hit]] = True
    return frames.reshape(count, shape[0] * 2, shape[1] * 2)


@pytest.mark.parametrize("bits", [7, 8])
# 0.001 makes runs longer than a code can say; 0 is a frame without any electron, 1 one without any gap.
@pytest.mark.parametrize("rate", [0, 0.001, 0.05, 1])
def test_reads_every_electron_at_its_place(tmp_path, bits, rate):
    truth = electrons(1, 6, rate=rate)
    write_eer(tmp_path / "a.eer", truth, bits)
    fine = list(eer.sections(tmp_path / "a.eer", EerSampling(grouping=2, upsampling=2)))
    assert np.array_equal(fine, truth.reshape(3, 2, 128, 96).sum(axis=1))
    coarse = list(eer.sections(tmp_path / "a.eer", EerSampling(grouping=3, upsampling=1)))
    assert np.array_equal(coarse, truth.reshape(2, 3, 64, 2, 48, 2).sum(axis=(1, 3, 5)))


@pytest.mark.parametrize("bits", [7, 8])
def test_reads_the_last_electron_wherever_it_ends_in_a_byte(tmp_path, bits):
    for count in range(20):
        frame = np.zeros((32, 32), bool)
        frame[np.arange(count) % 16 * 2, np.arange(count) // 16 * 2] = True
        frame[31, 31] = True
        write_eer(tmp_path / "a.eer", [frame], bits)
        (image,) = eer.sections(tmp_path / "a.eer", EerSampling(grouping=1, upsampling=2))
        assert np.array_equal(image, frame)


@pytest.mark.parametrize("bits", [7, 8])
def test_agrees_with_a_bit_by_bit_reading_of_the_format(bits):
    truth = electrons(2, 1, rate=0.01)[0]
    data = encode(truth, bits)
    stream = [byte >> bit & 1 for byte in data for bit in range(8)]

    def number(length):
        taken = [stream.pop(0) for _ in range(length)]
        return sum(bit << place for place, bit in enumerate(taken))

    found, pixel = np.zeros_like(truth), 0
    while (pixel := pixel + (run := number(bits))) < 64 * 48:
        place = number(4) if bits == 8 or run < 2**bits - 1 else 0
        if run < 2**bits - 1:
            y, x = (place ^ 0b1010) >> 3, (place ^ 0b1010) >> 1 & 1
            found[2 * (pixel // 48) + y, 2 * (pixel % 48) + x] = True
            pixel += 1
    assert np.array_equal(found, truth)


def test_the_first_row_is_the_lowest(tmp_path):
    frame = np.zeros((128, 96), bool)
    frame[0, 0] = True
    write_eer(tmp_path / "a.eer", [frame])
    (image,) = eer.sections(tmp_path / "a.eer", EerSampling(grouping=1))
    assert np.argwhere(image).tolist() == [[0, 0]]


def test_drops_an_incomplete_last_frame(tmp_path):
    write_eer(tmp_path / "a.eer", electrons(3, 11))
    assert eer.header(tmp_path / "a.eer", EerSampling(grouping=4)) == (2, 64, 48)
    assert eer.header(tmp_path / "a.eer", EerSampling(grouping=4, upsampling=2)) == (2, 128, 96)
    assert len(list(eer.sections(tmp_path / "a.eer", EerSampling(grouping=4)))) == 2


def test_sums_more_than_255_hardware_frames_without_overflow(tmp_path):
    frame = np.zeros((8, 8), bool)
    frame[2, 2] = True
    write_eer(tmp_path / "a.eer", [frame] * 300)
    (image,) = eer.sections(tmp_path / "a.eer", EerSampling(grouping=300))
    assert image.max() == 300


def test_leaves_a_sum_before_the_electrons_out(tmp_path):
    frame = electrons(4, 1)[0]
    pages = [(bytes(64 * 48), {256: 48, 257: 64, 259: 1}), (encode(frame), {256: 48, 257: 64, 259: 65001})]
    (tmp_path / "a.eer").write_bytes(big_tiff(pages))
    assert eer.header(tmp_path / "a.eer", EerSampling(grouping=1)) == (1, 64, 48)


@pytest.mark.parametrize("tags", [{}, {258: 1}, {65007: 7, 65008: 2, 65009: 2}])
def test_reads_the_scheme_that_says_its_bits_in_tags(tmp_path, tags):
    frame = electrons(8, 1)[0]
    pages = [(encode(frame), {256: 48, 257: 64, 259: 65002} | tags)] * 2
    (tmp_path / "a.eer").write_bytes(big_tiff(pages))
    images = list(eer.sections(tmp_path / "a.eer", EerSampling(grouping=1, upsampling=2)))
    assert np.array_equal(images, [frame, frame])


def test_refuses_fewer_hardware_frames_than_one_frame_needs(tmp_path):
    write_eer(tmp_path / "a.eer", electrons(5, 3))
    with pytest.raises(FormatError, match="3 hardware frames; expected at least 32"):
        eer.header(tmp_path / "a.eer", EerSampling())


def test_refuses_a_truncated_file(tmp_path):
    write_eer(tmp_path / "a.eer", electrons(6, 4))
    content = (tmp_path / "a.eer").read_bytes()
    (tmp_path / "a.eer").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(FormatError, match=r"a\.eer"):
        list(eer.sections(tmp_path / "a.eer", EerSampling(grouping=1)))


def test_refuses_an_ordinary_tiff_file(tmp_path):
    tifffile.imwrite(tmp_path / "a.eer", np.zeros((8, 8), np.uint8))
    with pytest.raises(FormatError, match="no page with electrons"):
        eer.header(tmp_path / "a.eer", EerSampling())


@pytest.mark.parametrize(("bits", "compression"), [(7, 65001), (8, 65000)])
def test_refuses_electrons_outside_the_sensor(tmp_path, bits, compression):
    data = encode(electrons(7, 1, shape=(64, 64))[0], bits)
    (tmp_path / "a.eer").write_bytes(big_tiff([(data, {256: 64, 257: 40, 259: compression})]))
    with pytest.raises(FormatError, match="electrons"):
        list(eer.sections(tmp_path / "a.eer", EerSampling(grouping=1)))
