import pytest

from tasks.errors import FormatError, InputError
from tasks.tilt_series_grouping import find_mdocs, from_files, from_mdocs

ANGLES = (0.0, 3.0, -3.0)


def sections(series, count=3):
    return [(angle, f"{series}_{index:03d}_{angle}.tif", []) for index, angle in enumerate(ANGLES[:count])]


@pytest.fixture
def two_series(frames, write):
    for series in ("TS_01", "TS_02"):
        for index, angle in enumerate(ANGLES):
            write(frames / f"{series}_{index:03d}_{angle}.tif")


@pytest.mark.usefixtures("two_series")
def test_makes_the_series_of_all_mdocs_and_leaves_overrides_out(tmp_path, frames, write_mdoc, acquisition):
    write_mdoc(sections("TS_01"), name="TS_01.mdoc")
    write_mdoc(sections("TS_02"), name="TS_01_override.mdoc")
    write_mdoc(sections("TS_02"), name="TS_02_override.mdoc")
    grouping = from_mdocs(tmp_path, frames, acquisition)
    assert [series.name for series in grouping.series] == ["TS_01", "TS_02"]
    assert {tilt.name[:5] for tilt in grouping.series[0].tilts} == {"TS_01"}
    assert [(one.name, one.reason) for one in grouping.excluded] == [
        ("TS_01_override.mdoc", "TS_01.mdoc describes the series")
    ]


@pytest.mark.usefixtures("two_series")
def test_one_bad_series_does_not_stop_the_others(tmp_path, frames, write_mdoc, acquisition):
    write_mdoc(sections("TS_01"), name="TS_01.mdoc")
    write_mdoc(sections("TS_99"), name="TS_99.mdoc")
    (tmp_path / "empty.mdoc").write_text("")
    write_mdoc(sections("LMM"), name="map.mdoc", kind="MontSection")
    write_mdoc(sections("TS_01", count=1), name="preview.mdoc")
    grouping = from_mdocs(tmp_path, frames, acquisition)
    assert [series.name for series in grouping.series] == ["TS_01"]
    reasons = {one.name: one.reason for one in grouping.excluded}
    assert set(reasons) == {"TS_99.mdoc", "empty.mdoc", "map.mdoc", "preview.mdoc"}
    assert "0 usable tilts" in reasons["TS_99.mdoc"]
    assert "empty" in reasons["empty.mdoc"]
    assert reasons["map.mdoc"] == "it describes a montage"
    assert reasons["preview.mdoc"] == "it describes a single image"


@pytest.mark.parametrize("suffix", [".tif.mdoc", ".mdoc"])
def test_finds_the_mdocs_of_single_movies_that_belong_together(tmp_path, write_mdoc, suffix):
    for series in ("TS_01", "TS_02"):
        for section in sections(series):
            write_mdoc([section], name=section[1].replace(".tif", suffix), kind="FrameSet")
    found, excluded = find_mdocs(tmp_path)
    assert [len(paths) for paths in found] == [3, 3]
    assert {path.name[:5] for path in found[1]} == {"TS_02"}
    assert excluded == ()


@pytest.mark.usefixtures("two_series")
def test_makes_the_series_of_file_names(frames, write, acquisition):
    write(frames / "gain.tif")
    write(frames / "tracking_001_0.0.tif")
    grouping = from_files(frames, acquisition, tilt_axis_angle=84.5)
    assert [series.name for series in grouping.series] == ["TS_01", "TS_02"]
    series = grouping.series[1]
    assert series.tilt_axis_angle == 84.5
    assert [tilt.angle for tilt in series.tilts] == [-3, 0, 3]
    assert [tilt.number for tilt in series.tilts] == [3, 1, 2]
    assert [tilt.pre_exposure for tilt in series.tilts] == [6, 0, 3]
    reasons = {one.name: one.reason for one in grouping.excluded}
    assert reasons["gain.tif"] == "its name is not that of a tilt"
    assert "1 usable tilts" in reasons["tracking"]


def test_takes_a_pattern_for_other_names(frames, write, acquisition):
    for index, angle in enumerate(ANGLES):
        write(frames / f"{index}@{angle:+.0f}deg of lamella.tif")
    pattern = r"(?P<number>\d+)@(?P<angle>[-+]\d+)deg of (?P<series>.*)"
    (series,) = from_files(frames, acquisition, tilt_axis_angle=0, pattern=pattern).series
    assert (series.name, len(series.tilts)) == ("lamella", 3)


def test_refuses_a_folder_without_any_series(tmp_path, frames, write, acquisition):
    write(frames / "gain.tif")
    with pytest.raises(InputError, match="its name is not that of a tilt; expected at least one tilt series"):
        from_files(frames, acquisition, tilt_axis_angle=0)
    with pytest.raises(InputError, match="no file; expected at least one tilt series"):
        from_mdocs(frames, frames, acquisition)
    for make in (find_mdocs, lambda folder: from_files(folder, acquisition, tilt_axis_angle=0)):
        with pytest.raises(FormatError, match="no such folder"):
            make(tmp_path / "nowhere")
