import pytest

from tasks.errors import InputError
from tasks.models import Micrograph
from tasks.tilt_series_grouping import ListedTilt, check, from_list

ANGLES = (0.0, 3.0, -3.0, -6.0)


@pytest.fixture
def tilts(frames, write) -> list[ListedTilt]:
    """The movies of a series, in another order than they were taken."""
    paths = [
        frames / f"Position_1_{n:03d}_{angle}_20250914_17000{n}_fractions.tif" for n, angle in enumerate(ANGLES, 1)
    ]
    for path in paths:
        write(path)
    return [ListedTilt(path=path, angle=angle) for path, angle in zip(paths, ANGLES, strict=True)][::-1]


def made(tilts, acquisition, **said):
    return from_list("a", tilts, acquisition, tilt_axis_angle=85, **said)


def test_names_say_the_order_and_with_it_the_dose(tilts, acquisition):
    series = made(tilts, acquisition)
    assert [tilt.angle for tilt in series.tilts] == sorted(ANGLES)
    taken = sorted(series.tilts, key=lambda tilt: tilt.number)
    assert [tilt.angle for tilt in taken] == list(ANGLES)
    doses = [tilt.pre_exposure for tilt in taken]
    assert doses[0] == 0
    assert [round(dose / doses[1], 6) for dose in doses] == [0, 1, 2, 3]
    assert [tilt.source.pre_exposure for tilt in taken] == doses
    assert (series.name, series.tilt_axis_angle, series.excluded) == ("a", 85, ())
    assert check(series) == series


def test_a_tilt_that_is_missing_was_exposed_all_the_same(tilts, acquisition):
    whole = {tilt.name: tilt.pre_exposure for tilt in made(tilts, acquisition).tilts}
    series = made([tilt for tilt in tilts if tilt.angle != 3], acquisition)
    assert {tilt.name: tilt.pre_exposure for tilt in series.tilts} == {
        name: dose for name, dose in whole.items() if "_3.0_" not in name
    }
    assert [(one.name, one.reason) for one in series.excluded] == [
        ("exposure 2", "it is not listed, or was taken again later")
    ]


def test_a_tilt_without_a_file_is_excluded(tilts, acquisition):
    tilts[0].path.unlink()
    series = made(tilts, acquisition)
    assert len(series.tilts) == 3
    [excluded] = series.excluded
    assert (excluded.name, excluded.reason) == (tilts[0].path.stem, f"{tilts[0].path}: no such file")


def test_names_that_say_nothing_leave_the_order_of_the_list(frames, write, acquisition):
    for name in "cab":
        write(frames / f"{name}.tif")
    tilts = [
        ListedTilt(path=frames / f"{name}.tif", angle=angle) for name, angle in zip("cab", (0, 3, -3), strict=True)
    ]
    series = made(tilts, acquisition)
    assert [tilt.name for tilt in sorted(series.tilts, key=lambda tilt: tilt.number)] == ["c", "a", "b"]


def test_a_tilt_of_another_name_comes_last(tilts, frames, write, acquisition):
    whole = {tilt.name: tilt.pre_exposure for tilt in made(tilts, acquisition).tilts}
    write(frames / "other.tif")
    series = made([ListedTilt(path=frames / "other.tif", angle=9), *tilts], acquisition)
    found = {tilt.name: tilt.pre_exposure for tilt in series.tilts}
    assert found == whole | {"other": 4 / 3 * max(whole.values())}


def test_times_say_the_order_where_numbers_do_not(frames, write, acquisition):
    names = [f"TS_001_{angle}_Oct08_07.{minute}.05.tif" for angle, minute in ((0.0, 30), (3.0, 20), (-3.0, 40))]
    for name in names:
        write(frames / name)
    angles = (0, 3, -3)
    series = made([ListedTilt(path=frames / n, angle=a) for n, a in zip(names, angles, strict=True)], acquisition)
    assert [tilt.angle for tilt in sorted(series.tilts, key=lambda tilt: tilt.number)] == [3, 0, -3]


def test_numbers_that_count_more_than_one_series_are_no_gaps(frames, write, acquisition):
    names = [f"a_{number}_{angle}.tif" for number, angle in ((100, 0.0), (250, 3.0), (900, -3.0))]
    for name in names:
        write(frames / name)
    series = made([ListedTilt(path=frames / n, angle=a) for n, a in zip(names, (0, 3, -3), strict=True)], acquisition)
    assert series.excluded == ()
    assert [tilt.angle for tilt in sorted(series.tilts, key=lambda tilt: tilt.number)] == [0, 3, -3]


def test_each_tilt_may_be_taken_in_its_own_way(tilts, acquisition, tmp_path):
    other = acquisition.model_copy(update={"dose_per_frame": 5.0})
    fractions = tmp_path / "fractions.txt"
    fractions.write_text("100 7 0.1")
    changed = [tilts[0].model_copy(update={"acquisition": other, "fractions": fractions}), *tilts[1:]]
    found = {tilt.angle: tilt.source.acquisition for tilt in made(changed, acquisition).tilts}
    assert found[-6] == other.model_copy(update={"eer": other.eer.model_copy(update={"grouping": 7})})
    assert found[0] == acquisition
    fractions.unlink()
    [excluded] = made(changed, acquisition).excluded
    assert "fractions.txt: no such file" in excluded.reason


def test_images_have_the_dose_that_is_said(frames, write, acquisition):
    angles = (0.0, 3.0, -3.0)
    paths = [frames / f"P_1_{n:03d}_{angle}_fractions_motion_corrected.mrc" for n, angle in enumerate(angles, 1)]
    for path in paths:
        write(path, shape=(1, 4, 5))
    tilts = [ListedTilt(path=path, angle=angle) for path, angle in zip(paths, angles, strict=True)][::-1]
    series = made(tilts, acquisition, dose_per_tilt=4)
    assert all(isinstance(tilt.source, Micrograph) for tilt in series.tilts)
    assert {tilt.angle: tilt.pre_exposure for tilt in series.tilts} == {0: 0, 3: 4, -3: 8}


def test_too_few_tilts_are_refused_with_their_reasons(tilts, acquisition):
    for tilt in tilts[:2]:
        tilt.path.unlink()
    with pytest.raises(InputError, match=r"2 usable tilts; .*no such file"):
        made(tilts, acquisition)
