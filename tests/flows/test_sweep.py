import pytest

from flows.sweep import follow_up_lately
from tasks.ledger import Arrival, Claimer, Ledger, Result, Session, arrive, claim, finish, open_session, waiting

PARAMETERS = {"acquisition": {"pixel_size": 1}, "picks_for_diameter": 100}


@pytest.fixture
def picked(ledger, tmp_path) -> Ledger:
    """Sessions of both kinds; in that of single particles enough has been picked, but the run died before it looked."""
    for name, kind, parameters in (("cm1", "spa", PARAMETERS), ("cm2", "tomography", {})):
        open_session(ledger, Session(name=name, kind=kind, folder=tmp_path / name, parameters=parameters))
        arrive(ledger, [Arrival(session=name, kind="movie", key="a")])
        (lease,) = claim(ledger, Claimer(owner="run", kinds=("movie",), session=name))
        finish(ledger, lease, [Result(step="particle_picking", digest="x", result={"count": 120}, tool="embedded")])
    return ledger


def test_what_follows_is_found_though_the_run_died_that_should_have_found_it(emitted, picked):
    follow_up_lately(picked)
    assert [(found.session, found.kind) for found in waiting(picked)] == [("cm1", "particle_diameter")]
    assert emitted() == [
        ("cryoem.particle-diameter.arrived", "cryoem.session.cm1", {"count": 1, "newest": ["session"]})
    ]
    follow_up_lately(picked)
    assert len(emitted()) == 1


def test_a_session_whose_parameters_are_wrong_does_not_stop_the_others(emitted, picked, tmp_path):
    wrong = {"picks_for_diameter": -1}
    open_session(picked, Session(name="cm0", kind="spa", folder=tmp_path / "cm0", parameters=wrong))
    arrive(picked, [Arrival(session="cm0", kind="movie", key="a")])
    follow_up_lately(picked)
    assert ("cm1", "particle_diameter") in [(found.session, found.kind) for found in waiting(picked)]
