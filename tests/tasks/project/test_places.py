import pytest

from tasks.errors import InputError
from tasks.project.places import Places, link

JOB = "MotionCorr/job002"


def file_in(folder, name="a.mrc"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
    return folder / name


def test_one_link_stands_for_all_files_of_a_folder(tmp_path):
    places, project = Places(tmp_path / "project"), tmp_path / "project"
    names = [places.of(JOB, file_in(tmp_path / "data", f"{number}.mrc")) for number in range(3)]
    assert names == [f"{JOB}/Movies/data/{number}.mrc" for number in range(3)]
    assert [path.name for path in (project / JOB / "Movies").iterdir()] == ["data"]
    assert all((project / name).exists() for name in names)


def test_names_stay_when_other_folders_come_first(tmp_path):
    first, second = file_in(tmp_path / "x/data"), file_in(tmp_path / "y/data")
    names = [Places(tmp_path / "p").of(JOB, file) for file in (first, second)]
    again = Places(tmp_path / "p")
    assert [again.of(JOB, second), again.of(JOB, first)] == [names[1], names[0]]
    assert names == [f"{JOB}/Movies/data/a.mrc", f"{JOB}/Movies/y_data/a.mrc"]


def test_what_is_in_the_job_already_needs_no_link(tmp_path):
    file = file_in(tmp_path / JOB / "Movies" / "own")
    assert Places(tmp_path).of(JOB, file) == f"{JOB}/Movies/own/a.mrc"
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_blanks_are_taken_out_of_folders_and_refused_in_files(tmp_path):
    places = Places(tmp_path / "p")
    assert places.of(JOB, file_in(tmp_path / "Grid Square")) == f"{JOB}/Movies/Grid_Square/a.mrc"
    with pytest.raises(InputError, match="a blank in its name"):
        places.of(JOB, file_in(tmp_path / "data", "a b.mrc"))


def test_a_link_is_brought_up_to_date(tmp_path):
    old, new = file_in(tmp_path / "old"), file_in(tmp_path / "new")
    for target in (old, new):
        link(tmp_path / "p" / "volume.mrc", target)
    assert (tmp_path / "p" / "volume.mrc").samefile(new)
