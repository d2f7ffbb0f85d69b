import pytest

from flows.folders import folder_of
from flows.rerun import rerun
from flows.spa_preprocess import process_movies
from tasks.ledger import Arrival, Session, arrive, found, open_session, quarantined, status

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]

STEPS = {"motion_correction", "ctf_estimation", "ice_thickness", "particle_picking"}


@pytest.fixture
def movies(ledger, simulated_movies, tmp_path) -> list[str]:
    """A session in which movies have arrived, one of them broken."""
    acquisition = simulated_movies.movies[0].movie.acquisition.model_dump(mode="json")
    parameters = {"acquisition": acquisition, "picker": {"diameter_range": [80, 120]}, "ice_estimator": {"area": 100}}
    open_session(ledger, Session(name="cm2", kind="spa", folder=tmp_path / "cm2", parameters=parameters))
    broken = tmp_path / "broken.tiff"
    broken.write_bytes(b"not a movie")
    paths = [*(str(movie.movie.path) for movie in simulated_movies.movies), str(broken)]
    arrive(ledger, [Arrival(session="cm2", kind="movie", key=path, payload={"path": path}) for path in paths])
    return paths


def test_movies_become_picks_and_a_broken_one_a_reason(ledger, movies):
    assert process_movies("cm2", linger=0.2) == len(movies)
    (kind,) = status(ledger, "cm2").kinds
    assert (kind.done, kind.quarantined) == (len(movies) - 1, 1)
    assert [item.key for item in quarantined(ledger, "cm2")] == [movies[-1]]
    for step in STEPS:
        assert [key for key, _ in found(ledger, "cm2", step)] == sorted(movies[:-1]), step

    before = found(ledger, "cm2", "ctf_estimation")
    assert rerun(ledger, "cm2", ["particle_picking.distance=0.9"], "a user") == len(movies)
    process_movies("cm2", linger=0.2)
    assert found(ledger, "cm2", "ctf_estimation") == before
    assert found(ledger, "cm2", "ice_of_particles") == []

    picked = found(ledger, "cm2", "particle_picking")
    assert rerun(ledger, "cm2", ["ice_of_particles=true"], "a user") == len(movies)
    process_movies("cm2", linger=0.2)
    assert found(ledger, "cm2", "particle_picking") == picked
    in_ice = {key: result.result["count"] for key, result in found(ledger, "cm2", "ice_of_particles")}
    assert in_ice == {key: result.result["count"] for key, result in picked}


def test_movies_of_one_name_in_different_folders_are_kept_apart(tmp_path):
    first, second = (folder_of(tmp_path, tmp_path / grid / "raw" / "a.tif") for grid in ("one", "two"))
    assert first != second
    assert first.name.startswith("raw_")
