from pathlib import Path

import pytest
from project_sessions import processed

from tasks.errors import InputError
from tasks.formats.star import read_table
from tasks.models import Tomogram
from tasks.project import write_tomography_project
from tasks.project.settings import unbinned_size

STARS = {
    "Import/job001": "tilt_series.star",
    "MotionCorr/job002": "corrected_tilt_series.star",
    "CtfFind/job003": "tilt_series_ctf.star",
    "ExcludeTiltImages/job004": "selected_tilt_series.star",
    "AlignTiltSeries/job005": "aligned_tilt_series.star",
    "Tomograms/job006": "tomograms.star",
    "Denoise/job007": "tomograms.star",
}


@pytest.fixture
def project(tmp_path):
    series = [processed(tmp_path / "session", "TS_01"), processed(tmp_path / "session", "TS_03")]
    write_tomography_project(tmp_path / "project", "cm1", series)
    return tmp_path / "project"


def tilts(project: Path, job: str, name: str = "TS_01"):
    return read_table(project / job / "tilt_series" / f"{name}.star", name)


def files_of(table):
    return [
        str(name)
        for column in table
        if column.endswith(("Name", "Even", "Odd", "Metadata", "Spectrum"))
        for name in table[column]
    ]


@pytest.mark.parametrize("job", STARS)
def test_every_job_lists_its_series_and_points_to_their_tilts(project, job):
    table = read_table(project / job / STARS[job], "global")
    assert list(table["rlnTomoName"]) == ["TS_01", "TS_03"]
    assert list(table["rlnTomoTiltSeriesStarFile"]) == [f"{job}/tilt_series/{name}.star" for name in ("TS_01", "TS_03")]
    assert (project / job / "RELION_JOB_EXIT_SUCCESS").exists()


@pytest.mark.parametrize("job", STARS)
def test_every_file_is_found_from_the_project(project, job):
    names = files_of(tilts(project, job))
    assert names
    assert [name for name in names if not (project / name).exists()] == []
    assert [name for name in names if name.split("/")[1] not in {"job001", "job002"}] == []


def test_tilts_are_in_the_order_of_acquisition_until_they_are_chosen(project):
    assert list(tilts(project, "MotionCorr/job002")["rlnMicrographPreExposure"]) == [0, 3, 6, 9, 12]
    assert list(tilts(project, "AlignTiltSeries/job005")["rlnTomoNominalStageTiltAngle"]) == [-60, -30, 0, 30]


def test_images_are_those_without_dose_weighting_because_averaging_weights_by_dose(project):
    assert all("_noDW" in name for name in tilts(project, "MotionCorr/job002")["rlnMicrographName"])


def test_tomograms_are_counted_in_pixels_of_the_images(project):
    row = read_table(project / "Tomograms/job006/tomograms.star", "global").iloc[0]
    assert row["rlnTomoTomogramBinning"] == pytest.approx(10 / 1.35)
    assert (row["rlnTomoSizeX"], row["rlnTomoSizeY"], row["rlnTomoSizeZ"]) == (3792, 4000, 2000)


@pytest.mark.parametrize("length", [270, 271, 512, 513])
def test_relion_has_the_centre_of_the_specimen_where_we_have_it(length):
    tomogram = Tomogram(path=Path("a.mrc"), voxel_size=10.0, shape=(length, length, length), program="rec")
    size, *_ = unbinned_size(tomogram, 1.35)
    assert size % 2 == 0
    assert size / 2 * 1.35 == pytest.approx(length // 2 * 10.0, abs=0.7)


def test_two_series_that_relion_cannot_tell_apart_are_refused(tmp_path):
    series = [processed(tmp_path, "TS 01"), processed(tmp_path, "TS_01")]
    with pytest.raises(InputError, match="TS_01: another one is TS 01"):
        write_tomography_project(tmp_path / "project", "cm1", series)


def test_a_project_that_has_not_changed_is_not_written(tmp_path):
    series = [processed(tmp_path / "session")]
    write_tomography_project(tmp_path / "project", "cm1", series)
    before = {path: path.lstat().st_mtime_ns for path in (tmp_path / "project").rglob("*")}
    write_tomography_project(tmp_path / "project", "cm1", series)
    assert {path: path.lstat().st_mtime_ns for path in (tmp_path / "project").rglob("*")} == before


def test_a_failure_is_where_the_series_stopped(tmp_path):
    found = processed(tmp_path / "session").model_copy(
        update={"alignment": None, "tomogram": None, "denoised": None, "failure": "no tilt agrees with another"}
    )
    project = tmp_path / "project"
    write_tomography_project(project, "cm1", [found])
    job = project / "AlignTiltSeries/job005"
    assert (job / "RELION_JOB_EXIT_FAILURE").exists()
    assert not (job / "RELION_JOB_EXIT_SUCCESS").exists()
    assert (job / "run.err").read_text() == "TS_01: no tilt agrees with another\n"
    write_tomography_project(project, "cm1", [processed(tmp_path / "again")])
    assert (job / "RELION_JOB_EXIT_SUCCESS").exists()
    assert not (job / "RELION_JOB_EXIT_FAILURE").exists()


def test_a_project_can_be_moved_together_with_its_session(tmp_path):
    write_tomography_project(tmp_path / "a" / "project", "cm1", [processed(tmp_path / "a" / "session")])
    (tmp_path / "a").rename(tmp_path / "b")
    assert all(
        (tmp_path / "b/project" / name).exists() for name in files_of(tilts(tmp_path / "b/project", "Denoise/job007"))
    )


def test_what_somebody_has_cleaned_away_comes_back(tmp_path):
    found = processed(tmp_path / "session")
    project = tmp_path / "project"
    write_tomography_project(project, "cm1", [found])
    whole = {path: path.read_text() for path in project.glob("*/job*/**/*.star")}
    (project / "CtfFind/job003/tilt_series/TS_01.star").unlink()
    (project / "MotionCorr/job002/Movies/TS_01").unlink()
    write_tomography_project(project, "cm1", [found])
    assert {path: path.read_text() for path in project.glob("*/job*/**/*.star")} == whole
    assert (project / "MotionCorr/job002/Movies/TS_01").exists()


def test_news_of_a_series_reach_its_files(tmp_path):
    found = processed(tmp_path / "session")
    begun = found.model_copy(update={"alignment": None, "tomogram": None, "denoised": None})
    project = tmp_path / "project"
    write_tomography_project(project, "cm1", [begun])
    write_tomography_project(project, "cm1", [found])
    assert len(tilts(project, "AlignTiltSeries/job005")) == 4
    refined = {name: ctf.model_copy(update={"defocus_u": 50000.0}) for name, ctf in found.ctfs.items()}
    write_tomography_project(project, "cm1", [found.model_copy(update={"ctfs": refined})])
    assert set(tilts(project, "CtfFind/job003")["rlnDefocusU"]) == {50000}
