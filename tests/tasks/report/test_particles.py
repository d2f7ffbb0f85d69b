import pytest

from tasks.ledger import Session, open_session
from tasks.models import Model
from tasks.report.movies import movie_rows
from tasks.report.particles import extracted_of, particle_totals


class Settled(Model):
    """What is found of the diameter."""

    diameter: float = 140.5
    micrographs: int = 2
    count: int = 30


def totals(grid):
    name = grid.session.name
    return particle_totals(grid.ledger, grid.session, movie_rows(grid.ledger, name), extracted_of(grid.ledger, name))


def test_a_session_without_particles_has_none(spa, motion):
    spa.done("movie", "/a.eer", {"motion_correction": motion()})
    found = totals(spa)
    assert (found.micrographs, found.picked, found.diameter) == (0, 0, None)


def test_particles_are_counted(spa, picks, particles):
    for number, count in enumerate((10, 0, 30)):
        spa.done("movie", f"/{number}.eer", {"particle_picking": picks(count)})
    spa.done("extraction", "/0.eer", {"particle_extraction": particles(8, left_out=2)})
    spa.done("extraction", "/2.eer", {"particle_extraction": particles(30)})
    found = totals(spa)
    assert (found.micrographs, found.empty, found.picked) == (3, 1, 40)
    assert (found.extracted, found.left_out) == (38, 2)


def test_the_diameter_is_that_of_most_particles_until_it_is_settled(spa, picks):
    for number, (count, diameter) in enumerate(((10, 200.0), (30, 120.0), (5, 300.0), (0, 900.0))):
        spa.done("movie", f"/{number}.eer", {"particle_picking": picks(count, diameter)})
    found = totals(spa)
    assert (found.diameter, found.diameter_is) == (120, "so far")
    spa.done("particle_diameter", "session", {"particle_diameter": Settled()})
    found = totals(spa)
    assert (found.diameter, found.diameter_is) == (140.5, "settled for the session")


@pytest.mark.parametrize("given", [150, 150.0])
def test_a_diameter_that_was_given_is_told(ledger, tmp_path, spa, picks, given):
    spa.done("movie", "/a.eer", {"particle_picking": picks(3)})
    parameters = {"extractor": {"tool": "embedded", "diameter": given}}
    session = Session(name="spa", kind="spa", folder=tmp_path / "spa", parameters=parameters)
    spa.session = open_session(ledger, session).model_copy(update={"parameters": parameters})
    found = totals(spa)
    assert (found.diameter, found.diameter_is) == (150, "as it was given")
