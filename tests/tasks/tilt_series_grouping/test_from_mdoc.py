from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.models import Acquisition, Micrograph, Movie
from tasks.tilt_series_grouping import check, from_mdoc

DATA = Path(__file__).parents[2] / "data" / "mdoc"


def at(minute):
    return f"DateTime = 06-Jun-23  23:{minute:02d}:00"


# A dose-symmetric series in the order of acquisition.
SCHEME = [(0.0, 0), (3.0, 1), (-3.0, 2), (-6.0, 3), (6.0, 4)]


def scheme(folder="D:\\data\\frames\\"):
    return [(angle, f"{folder}TS_01_{minute:03d}_{angle}.tif", [at(minute)]) for angle, minute in SCHEME]


@pytest.fixture
def movies(frames, write):
    for angle, minute in SCHEME:
        write(frames / f"TS_01_{minute:03d}_{angle}.tif")


@pytest.mark.usefixtures("movies")
@pytest.mark.parametrize("by_angle", [False, True])
def test_orders_tilts_by_angle_and_doses_by_time_however_the_mdoc_is_ordered(frames, write_mdoc, acquisition, by_angle):
    sections = sorted(scheme()) if by_angle else scheme()
    series = from_mdoc(write_mdoc(sections), frames, acquisition)
    assert series.name == "TS_01"
    assert series.tilt_axis_angle == 85.3
    assert [tilt.angle for tilt in series.tilts] == [-6, -3, 0, 3, 6]
    assert [tilt.number for tilt in series.tilts] == [4, 3, 1, 2, 5]
    assert [tilt.pre_exposure for tilt in series.tilts] == [9, 6, 0, 3, 12]
    assert [tilt.source.pre_exposure for tilt in series.tilts] == [9, 6, 0, 3, 12]
    assert series.tilts[0].source == Movie(path=frames / "TS_01_003_-6.0.tif", acquisition=acquisition, pre_exposure=9)
    assert series.excluded == ()


@pytest.mark.usefixtures("movies")
@pytest.mark.parametrize("folder", ["", "frames/", "..\\frames\\", "X:\\a [b]\\", "\\\\server\\share\\", "/offload/x/"])
def test_finds_movies_wherever_the_camera_says_they_were(frames, write_mdoc, acquisition, folder):
    assert len(from_mdoc(write_mdoc(scheme(folder)), frames, acquisition).tilts) == 5


def test_finds_movies_in_folders_below_with_odd_names_and_other_suffixes(frames, write, write_mdoc, acquisition):
    names = ["my lamella [1] (a)_001_0.0", "my lamella [1] (a)_002_3.0", "my lamella [1] (a)_003_-3.0"]
    write(frames / "one" / f"{names[0]}.tif")
    write(frames / f"{names[1]}.TIFF")
    write(frames / "two deep" / "three" / f"{names[2].upper()}.mrc")
    sections = [(angle, f"D:\\x\\{name}.tif", [at(angle)]) for angle, name in enumerate(names)]
    assert len(from_mdoc(write_mdoc(sections), frames, acquisition).tilts) == 3


def test_takes_the_movie_whose_folders_agree_best(frames, write, write_mdoc, acquisition):
    for session in ("grid1", "grid2"):
        for angle in range(3):
            write(frames / session / f"{angle}.tif")
    sections = [(3 * angle, f"D:\\grid2\\{angle}.tif", [at(angle)]) for angle in range(3)]
    series = from_mdoc(write_mdoc(sections), frames, acquisition)
    assert {tilt.source.path.parent.name for tilt in series.tilts} == {"grid2"}
    elsewhere = [(3 * angle, f"D:\\grid3\\{angle}.tif", [at(angle)]) for angle in range(3)]
    with pytest.raises(InputError, match=r"0 usable tilts; 0: .*grid1/0.tif and grid2/0.tif; expected one file for"):
        from_mdoc(write_mdoc(elsewhere), frames, acquisition)


@pytest.mark.usefixtures("movies")
def test_keeps_the_last_of_tilts_that_were_taken_again_and_counts_the_dose_of_both(
    frames, write, write_mdoc, acquisition
):
    write(frames / "again.tif")
    sections = [*scheme(), (3.02, "again.tif", [at(30)])]
    series = from_mdoc(write_mdoc(sections), frames, acquisition)
    again = next(tilt for tilt in series.tilts if tilt.name == "again")
    assert (again.number, again.pre_exposure) == (6, 15)
    assert [exclusion.name for exclusion in series.excluded] == ["TS_01_001_3.0"]
    assert series.excluded[0].reason == "taken again at 3.02 degree as exposure 6 (again)"


@pytest.mark.usefixtures("movies")
def test_keeps_the_first_of_two_tilts_if_the_second_is_broken(frames, write_mdoc, acquisition):
    (frames / "again.tif").write_bytes(b"II*\0")
    series = from_mdoc(write_mdoc([*scheme(), (3.02, "again.tif", [at(30)])]), frames, acquisition)
    assert "TS_01_001_3.0" in [tilt.name for tilt in series.tilts]
    assert [exclusion.name for exclusion in series.excluded] == ["again"]
    assert "again.tif: cannot be read" in series.excluded[0].reason


@pytest.mark.usefixtures("movies")
def test_excludes_missing_truncated_and_unlike_movies_but_counts_their_dose(frames, write, write_mdoc, acquisition):
    more = [(9.0, "none.tif", [at(10)]), (12.0, "cut.tif", [at(11)]), (15.0, "wide.tif", [at(12)])]
    more += [(18.0, None, [at(13)]), (21.0, "last.tif", [at(14)])]
    write(frames / "cut.tif", (3, 40, 50))
    (frames / "cut.tif").write_bytes((frames / "cut.tif").read_bytes()[:-40])
    write(frames / "wide.tif", (3, 8, 9))
    write(frames / "last.tif")
    series = from_mdoc(write_mdoc([*scheme(), *more]), frames, acquisition)
    reasons = {exclusion.name: exclusion.reason for exclusion in series.excluded}
    assert set(reasons) == {"none", "cut", "wide", "section 8"}
    assert "expected none.tif in it or in a folder below" in reasons["none"]
    assert "cut.tif" in reasons["cut"]
    assert reasons["wide"] == "9 x 8 pixels; expected 5 x 4 as most tilts have"
    assert reasons["section 8"] == "no SubFramePath in the mdoc"
    assert series.tilts[-1].name == "last"
    assert series.tilts[-1].pre_exposure == 27


@pytest.mark.usefixtures("movies")
def test_a_movie_that_is_listed_twice_is_one_exposure(frames, write_mdoc, acquisition):
    sections = scheme()
    sections.insert(2, (9.0, "TS_01_004_6.0.tif", [at(2)]))
    series = from_mdoc(write_mdoc(sections), frames, acquisition)
    assert series.excluded[0].reason == "TS_01_004_6.0.tif is named again for exposure 6"
    assert max(tilt.pre_exposure for tilt in series.tilts) == 12


def test_refuses_an_mdoc_that_names_one_movie_for_all_tilts(frames, write, write_mdoc, acquisition):
    write(frames / "a.tif")
    sections = [(angle, "a.tif", [at(angle)]) for angle in range(5)]
    with pytest.raises(InputError, match=r"tilt series TS_01: 1 usable tilts; .*expected at least 3"):
        from_mdoc(write_mdoc(sections), frames, acquisition)


@pytest.mark.usefixtures("movies")
def test_orders_by_prior_dose_if_there_are_no_times(frames, write_mdoc, acquisition):
    sections = [(angle, path, [f"PriorRecordDose = {index * 3.0}"]) for index, (angle, path, _) in enumerate(scheme())]
    series = from_mdoc(write_mdoc(sorted(sections)), frames, acquisition)
    assert [tilt.number for tilt in series.tilts] == [4, 3, 1, 2, 5]


@pytest.mark.usefixtures("movies")
def test_takes_the_order_of_the_mdoc_if_it_says_no_other(frames, write_mdoc, acquisition):
    sections = [(angle, path, ["DateTime ="]) for angle, path, _ in scheme()]
    series = from_mdoc(write_mdoc(sections), frames, acquisition)
    assert [tilt.number for tilt in series.tilts] == [4, 3, 1, 2, 5]


@pytest.mark.usefixtures("movies")
def test_a_series_over_the_end_of_a_month_stays_in_order(frames, write_mdoc, acquisition):
    times = [
        "31-Aug-23  23:58:00",
        "31-Aug-23  23:59:00",
        "01-Sep-23  00:00:00",
        "01-Sep-23  00:01:00",
        "01-Sep-23  00:02:00",
    ]
    sections = [(angle, path, [f"DateTime = {time}"]) for (angle, path, _), time in zip(scheme(), times, strict=True)]
    series = from_mdoc(write_mdoc(sorted(sections)), frames, acquisition)
    assert [tilt.number for tilt in series.tilts] == [4, 3, 1, 2, 5]


def test_images_that_are_summed_already_have_the_dose_of_the_mdoc(frames, write, write_mdoc, acquisition):
    sections = []
    for index, angle in enumerate((0.0, 3.0, -3.0)):
        write(frames / f"{angle}.mrc", (1, 4, 5))
        sections.append((angle, f"{angle}.mrc", [at(index), "ExposureDose = 2.5"]))
    mdoc = write_mdoc(sections)
    series = from_mdoc(mdoc, frames, acquisition)
    assert series.tilts[0].source == Micrograph(path=frames / "-3.0.mrc", pixel_size=2.0)
    assert [tilt.pre_exposure for tilt in series.tilts] == [5, 0, 2.5]
    series = from_mdoc(mdoc, frames, acquisition, dose_per_tilt=4)
    assert [tilt.pre_exposure for tilt in series.tilts] == [8, 0, 4]


@pytest.mark.usefixtures("movies")
def test_the_given_axis_goes_before_that_of_the_mdoc(frames, write_mdoc, acquisition):
    assert from_mdoc(write_mdoc(scheme()), frames, acquisition, tilt_axis_angle=-90).tilt_axis_angle == -90
    with pytest.raises(InputError, match="no tilt axis angle; expected one in the mdoc or in the parameters"):
        from_mdoc(write_mdoc(scheme(), title=""), frames, acquisition)


@pytest.mark.usefixtures("movies")
def test_makes_a_series_of_mdocs_of_single_movies(frames, write_mdoc, acquisition):
    mdocs = [
        write_mdoc([section], name=f"{Path(section[1]).name}.mdoc", kind="FrameSet") for section in scheme(folder="")
    ]
    series = from_mdoc(sorted(mdocs), frames, acquisition)
    assert series.name == "TS_01"
    assert [tilt.number for tilt in series.tilts] == [4, 3, 1, 2, 5]


@pytest.mark.usefixtures("movies")
def test_refuses_a_voltage_that_is_not_that_of_the_acquisition(frames, write_mdoc):
    with pytest.raises(InputError, match="Voltage = 300; expected 200 kilovolt as the acquisition says"):
        from_mdoc(write_mdoc(scheme()), frames, Acquisition(pixel_size=1, voltage=200))


def test_refuses_what_are_not_movies_of_tilts(frames, tmp_path, write_mdoc, acquisition):
    with pytest.raises(InputError, match="several tilts in one movie; expected one movie for each tilt"):
        from_mdoc(DATA / "serialem_tilts_in_one_movie.mdoc", frames, acquisition)
    with pytest.raises(InputError, match="a montage; expected a tilt series"):
        from_mdoc(write_mdoc(scheme(), kind="MontSection"), frames, acquisition)
    with pytest.raises(InputError, match="no SubFramePath"):
        from_mdoc(write_mdoc([(0, None, []), (3, None, [])]), frames, acquisition)
    with pytest.raises(InputError, match="mdoc: no file; expected at least one"):
        from_mdoc([], frames, acquisition)
    with pytest.raises(InputError, match="no such folder; expected the folder of the frames"):
        from_mdoc(write_mdoc(scheme()), tmp_path / "nowhere", acquisition)


def test_makes_the_series_of_a_real_mdoc(frames, write):
    for name in ("0001_-0.0", "0007_3.0", "0013_6.0", "0019_-3.0"):
        write(frames / f"amelo_20230811_33kx_hydraliftout_{name}.tif")
    series = from_mdoc(DATA / "serialem_2023.mdoc", frames, Acquisition(pixel_size=2.663, dose_per_frame=0.5))
    assert series.tilt_axis_angle == 94.0
    assert [tilt.angle for tilt in series.tilts] == [-3.00663, -0.00949884, 2.99163, 5.99177]
    assert [tilt.number for tilt in series.tilts] == [4, 1, 2, 3]
    assert [tilt.pre_exposure for tilt in series.tilts] == [4.5, 0, 1.5, 3]


def test_makes_a_simulated_series_as_it_was_taken(simulated_tilt_series):
    truth = simulated_tilt_series
    first = truth.tilts[0].movie
    series = from_mdoc(truth.mdoc, first.path.parent, first.acquisition)
    assert series.tilt_axis_angle == pytest.approx(truth.nominal_axis_angle, abs=0.06)
    assert [tilt.number for tilt in series.tilts] == [tilt.number for tilt in truth.tilts]
    assert [tilt.source.path for tilt in series.tilts] == [tilt.movie.path for tilt in truth.tilts]
    assert [tilt.pre_exposure for tilt in series.tilts] == pytest.approx([tilt.pre_exposure for tilt in truth.tilts])
    assert [tilt.angle for tilt in series.tilts] == pytest.approx([tilt.nominal_angle for tilt in truth.tilts])
    assert check(series) == series
