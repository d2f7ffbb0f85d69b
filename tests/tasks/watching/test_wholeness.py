import random

import pytest

from tasks.watching.wholeness import problem_of


@pytest.mark.parametrize("suffix", [".mrc", ".tif"])
def test_a_whole_movie_has_no_problem(tmp_path, contents, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(contents[suffix])
    assert problem_of(str(path)) is None


@pytest.mark.parametrize("suffix", [".mrc", ".tif"])
def test_no_beginning_of_a_movie_is_whole(tmp_path, contents, suffix):
    path = tmp_path / f"a{suffix}"
    for size in range(0, len(contents[suffix]), 13):
        path.write_bytes(contents[suffix][:size])
        assert problem_of(str(path)) is not None, size


def test_a_movie_of_which_parts_are_still_zero_is_a_problem_and_no_crash(tmp_path, contents):
    whole = contents[".tif"]
    path = tmp_path / "a.tif"
    problems = []
    for size in range(8, len(whole), 5):
        path.write_bytes(whole[:size] + bytes(len(whole) - size))
        problems.append(problem_of(str(path)))
    assert any("contradicts itself" in problem for problem in problems if problem)


def test_what_holds_other_data_is_a_problem_and_no_crash(tmp_path, contents):
    path = tmp_path / "a.tif"
    chance = random.Random(3)
    for _ in range(100):
        path.write_bytes(b"II*\0" + chance.randbytes(200))
        assert problem_of(str(path)) is not None


def test_what_cannot_be_opened_is_a_problem(tmp_path):
    (tmp_path / "a.tif").mkdir()
    assert problem_of(str(tmp_path / "a.tif"))
    assert problem_of(str(tmp_path / "b.mdoc"))
