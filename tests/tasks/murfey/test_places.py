from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.murfey import project_of, secure, session_name, visit_of

VISIT = Path("/data/2026/cm12345-1")
PROJECT = VISIT / "processed" / "raw7"


@pytest.mark.parametrize(
    "below",
    [
        "MotionCorr/job002/Movies/Images-Disc1/GridSquare_1/Data/a_motion_corrected.mrc",
        "Tomograms/job006/tomograms/Position_1_stack.mrc",
        "Class2D/job010",
        "Class3D/job",
        "Refine3D/job1024",
        "BFactors/bfactor_2000",
        "BFactors/bfactor_2000/Refine3D/job003/run.mrc",
        "MotionCorr/job002/Movies/MotionCorr/job002/a.mrc",
    ],
)
def test_a_project_is_where_its_jobs_are(below):
    assert project_of(PROJECT / below) == PROJECT


@pytest.mark.parametrize(
    "path",
    [
        "/data/2026/cm12345-1/raw7/movie.tiff",
        "/data/2026/cm12345-1/processed/raw7/MotionCorr/movies/a.mrc",
        "/data/2026/cm12345-1/processed/raw7/Other/job002/a.mrc",
        "/MotionCorr/job002/Movies/a.mrc",
        "/",
    ],
)
def test_a_path_outside_the_jobs_of_a_project_is_refused(path):
    with pytest.raises(InputError, match="not below a job of a project"):
        project_of(Path(path))


@pytest.mark.parametrize("use", [project_of, visit_of, session_name, lambda path: secure(path, VISIT)])
def test_a_relative_path_is_refused(use):
    with pytest.raises(InputError, match="a relative path; expected an absolute path"):
        use(Path("cm12345-1/MotionCorr/job002/Movies/a.mrc"))


@pytest.mark.parametrize(
    ("project", "name", "visit"),
    [
        ("/data/2026/cm12345-1/processed/raw7", "cm12345-1-raw7", "/data/2026/cm12345-1"),
        ("/data/2026/cm12345-1/processed/raw7/relion", "cm12345-1-raw7-relion", "/data/2026/cm12345-1"),
        ("/data/2026/cm12345-1/processed", "cm12345-1", "/data/2026/cm12345-1"),
        ("/data/2026/cm12345-1", "cm12345-1", "/data/2026/cm12345-1"),
        ("/data/2026/cm12345-1/analysed/raw7", "cm12345-1-analysed-raw7", "/data/2026/cm12345-1"),
        ("/data/2026/cm12345-1/processed/processed", "cm12345-1-processed", "/data/2026/cm12345-1"),
        ("/data/processed/cm12345-1/processed/raw7", "cm12345-1-raw7", "/data/processed/cm12345-1"),
        ("/groups/lab-smith/processed/raw7", "lab-smith-raw7", "/groups/lab-smith"),
        ("/groups/lab smith/processed/raw7", "lab_smith-raw7", "/groups/lab smith"),
    ],
)
def test_a_session_has_the_names_of_the_visit_and_of_its_data(project, name, visit):
    assert session_name(Path(project)) == name
    assert visit_of(Path(project)) == Path(visit)


def test_the_folder_of_what_is_processed_may_have_another_name():
    project = Path("/groups/lab-smith/analysed/raw7")
    assert visit_of(project, processed="analysed") == Path("/groups/lab-smith")
    assert session_name(project, processed="analysed") == "lab-smith-raw7"


@pytest.mark.parametrize("parent", ["/home/a", "/home/b", "/processed"])
def test_projects_without_a_visit_are_told_apart(parent):
    one, other = Path(parent) / "apoferritin", Path("/somewhere/else/apoferritin")
    assert visit_of(one) is None
    assert session_name(one).startswith("apoferritin-")
    assert session_name(one) == session_name(Path(f"{parent}/apoferritin/"))
    assert session_name(one) != session_name(other)


def test_a_path_below_the_visit_may_be_written_to(tmp_path):
    place = tmp_path / "processed" / "a.mrc"
    assert secure(place, tmp_path) == place


def test_a_path_that_leads_out_of_the_visit_is_refused(tmp_path):
    visit, elsewhere = tmp_path / "visit", tmp_path / "elsewhere"
    visit.mkdir()
    elsewhere.mkdir()
    (visit / "link").symlink_to(elsewhere)
    for path in (elsewhere / "a", visit / ".." / "elsewhere" / "a", visit / "link" / "a", Path("/etc/passwd")):
        with pytest.raises(InputError, match=f"expected one below {visit}"):
            secure(path, visit)


def test_a_path_may_be_below_any_of_some_folders():
    assert secure(VISIT / "a.mrc", Path("/elsewhere"), VISIT) == VISIT / "a.mrc"
    with pytest.raises(InputError, match="expected one below /elsewhere or /other"):
        secure(VISIT / "a.mrc", Path("/elsewhere"), Path("/other"))


def test_a_visit_may_be_a_link_itself(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "visit").symlink_to("real")
    place = tmp_path / "visit" / "a.mrc"
    assert secure(place, tmp_path / "visit") == place
