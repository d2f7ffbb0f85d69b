from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.tilt_series_grouping.file_names import PATTERN, compiled, grouped, in_order_of_acquisition, read_name


def name(text):
    return read_name(Path(text), compiled(PATTERN))


@pytest.mark.parametrize(
    ("text", "series", "number", "angle"),
    [
        ("Position_1_001_-3.00_20220101_120000_fractions.tiff", "Position_1", 1, -3),
        ("Position_10_3_012_0.00_20241001_204903_Fractions.mrc", "Position_10_3", 12, 0),
        ("Position_2_003_24.00_20240509_232041_EER.eer", "Position_2", 3, 24),
        ("Position_1_2_001[12.00]-20220101_120000_fractions.tiff", "Position_1_2", 1, 12),
        ("TS_01_000_-0.0.mrc", "TS_01", 0, 0),
        ("TS_019_0008_-12.0.tif", "TS_019", 8, -12),
        ("amelo_20230811_33kx_hydraliftout_0241_-60.0.tif", "amelo_20230811_33kx_hydraliftout", 241, -60),
        ("s_mmm_00993_33.0_Oct08_07.39.05.tif", "s_mmm", 993, 33),
        ("my lamella [1] (a)_002_3.0.tif", "my lamella [1] (a)", 2, 3),
    ],
)
def test_reads_the_names_that_microscopes_write(text, series, number, angle):
    file = name(text)
    assert (file.series, file.number, file.angle) == (series, number, angle)


@pytest.mark.parametrize(
    "text", ["FoilHole_29283866_Data_29284692_29284694_20240229_120829_fractions.tiff", "gain.mrc"]
)
def test_leaves_other_names_alone(text):
    assert name(text) is None


def test_numbers_that_all_tilts_share_are_those_of_the_series():
    files = [
        name(f"TS_{series:03d}_{angle:.1f}_Oct08_07.{minute:02d}.05.tif")
        for series in (1, 2)
        for minute, angle in enumerate((0, 3, -3))
    ]
    groups = grouped(files)
    assert {series: len(members) for series, members in groups.items()} == {"TS_001": 3, "TS_002": 3}
    assert [file.angle for file in in_order_of_acquisition(groups["TS_001"][::-1])] == [0, 3, -3]


def test_refuses_names_that_do_not_say_the_order():
    files = [name(f"TS_001_{angle:.1f}.tif") for angle in (0, 3, -3)]
    (group,) = grouped(files).values()
    with pytest.raises(InputError, match=r"tilt series TS_001: .*do not say the order of acquisition"):
        in_order_of_acquisition(group)


@pytest.mark.parametrize("pattern", ["(", "(?P<series>.*)", "(?P<series>.*)_(?P<angle>.*)"])
def test_refuses_a_pattern_that_cannot_work(pattern):
    with pytest.raises(InputError, match="pattern"):
        compiled(pattern)
