import shutil

import pytest

from flows.spa_sources import MovieFolder, gather_movies
from tasks.errors import FormatError, InputError


@pytest.fixture
def source(simulated_movies, tmp_path) -> MovieFolder:
    first = simulated_movies.movies[0].movie
    for below in ("one", "two", "results/motion_correction"):
        (tmp_path / below).mkdir(parents=True)
        shutil.copy(first.path, tmp_path / below / "movie.tiff")
    (tmp_path / "one" / "broken.tiff").write_bytes(b"not a movie")
    return MovieFolder(folder=tmp_path, acquisition=first.acquisition)


def test_movies_of_one_name_are_told_apart_and_results_are_none(source):
    found = gather_movies.fn(source, source.folder / "results")
    assert sorted(found.sources) == ["one/movie.tiff", "two/movie.tiff"]
    assert [excluded.name for excluded in found.excluded] == ["broken.tiff"]


def test_refuses_a_folder_without_movies(source):
    with pytest.raises(InputError, match=r"at least one called \*\.eer"):
        gather_movies.fn(source.model_copy(update={"pattern": "*.eer"}), source.folder / "results")


def test_refuses_a_folder_that_is_not_there(source):
    with pytest.raises(FormatError, match="no such folder"):
        gather_movies.fn(source.model_copy(update={"folder": source.folder / "none"}), source.folder)
