import pytest
from relion_runs import needs_relion

from flows.rerun import rerun
from flows.spa_class2d import classify_session
from flows.spa_extract import extract_session
from flows.spa_live import Advancing, advance
from flows.spa_preprocess import process_movies
from tasks.ledger import Arrival, Session, arrive, found, open_session, status
from tasks.models import Particles

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]

SESSION = "cm3"


@pytest.fixture
def movies(ledger, simulated_movies, tmp_path) -> list[str]:
    """A session that ends as soon as its movies are done."""
    parameters = {
        "acquisition": simulated_movies.movies[0].movie.acquisition.model_dump(mode="json"),
        "picker": {"diameter_range": [80, 120]},
        "ice_estimator": {"area": 100},
        "extractor": {"box_size": 48, "binned_size": 24},
        "classifier_2d": {"classes": 2, "iterations": 2, "psi_step": 24},
        "quiet_after": 0,
    }
    open_session(ledger, Session(name=SESSION, kind="spa", folder=tmp_path / SESSION, parameters=parameters))
    paths = [str(movie.movie.path) for movie in simulated_movies.movies]
    arrive(ledger, [Arrival(session=SESSION, kind="movie", key=path, payload={"path": path}) for path in paths])
    return paths


def counts(ledger) -> dict[str, tuple[int, int, int]]:
    """Return how many items of each kind are open, done and given up."""
    return {kind.kind: (kind.open, kind.done, kind.quarantined) for kind in status(ledger, SESSION).kinds}


def extracted(ledger) -> dict[str, Particles]:
    return {key: Particles.model_validate(each.result) for key, each in found(ledger, SESSION, "particle_extraction")}


def test_particles_follow_movies_with_one_diameter_for_all(ledger, movies):
    process_movies(SESSION, linger=0.2)
    assert counts(ledger) == {"movie": (0, 2, 0), "particle_diameter": (1, 0, 0)}
    assert extract_session(SESSION, linger=15) == 3
    assert counts(ledger)["extraction"] == (0, 2, 0)
    assert counts(ledger)["particle_batch"] == (1, 0, 0)
    first = extracted(ledger)
    assert len({each.diameter for each in first.values()}) == 1
    assert sum(each.count for each in first.values()) >= 4

    # What nobody has changed is not done again; another diameter is.
    assert rerun(ledger, SESSION, ["batch_size=40000"], "a user") == 1
    assert rerun(ledger, SESSION, ["particle_extraction.diameter=90"], "a user") >= 2
    extract_session(SESSION, linger=0.2)
    assert {each.diameter for each in extracted(ledger).values()} == {90}


def test_looking_at_what_follows_costs_nothing_while_nothing_changes(ledger, movies):
    process_movies(SESSION, linger=0.2)
    look = Advancing(ledger, SESSION, _next=0)
    look()
    assert advance(ledger, SESSION) == []
    assert look._seen is not None
    seen = look._seen
    look._next = 0
    look()
    assert look._seen == seen


@needs_relion
def test_a_batch_becomes_classes(ledger, movies):
    for process in (process_movies, extract_session):
        process(SESSION, linger=0.2)
    extract_session(SESSION, linger=0.2)
    assert classify_session(SESSION, linger=0.2) == 1
    assert [key for key, _ in found(ledger, SESSION, "classification_2d")] == ["1"]
