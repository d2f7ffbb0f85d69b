from collections.abc import Iterator

import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.ledger import Ledger, open_ledger
from tasks.models import Micrograph
from tasks.report.facts import MovieFacts
from tasks.report.items import arrivals_of, items_of
from tasks.report.movies import latest_images, movie_facts, movie_rows
from tasks.report.particles import extracted_of


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path) -> Iterator[Ledger]:
    """What the database picks itself is picked by each in its own way."""
    sqlite = request.param == "sqlite"
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db" if sqlite else request.getfixturevalue("empty_postgresql")())
    yield ledger
    ledger.close()


def test_what_was_found_of_a_movie_is_picked_from_what_the_steps_recorded(  # noqa: PLR0917 - all steps
    ledger, grid, motion, ctf, ice, picks, particles
):
    corrected = motion(early=3.25, late=4.5).model_copy(
        update={"micrograph": Micrograph(path="/c/m_2.mrc", pixel_size=2)}
    )
    grid.done("movie", "/f/m_1.eer", {"motion_correction": motion(early=1)})
    found = {"motion_correction": corrected, "ctf_estimation": ctf(20_000, 5.5)}
    grid.done("movie", "/f/m_2.eer", found | {"ice_thickness": ice(0.5), "particle_picking": picks(7, excluded=0.25)})
    grid.done("movie", "/f/m_3.eer", {})
    grid.done("extraction", "/f/m_2.eer", {"particle_extraction": particles(6, left_out=1)})
    first, second = movie_facts(movie_rows(ledger, "cm1"), extracted_of(ledger, "cm1"))
    assert (first.name, first.motion_early, first.motion, first.defocus, first.seconds) == ("m_1", 1, 5, None, 10)
    found = second.model_dump(exclude={"arrived"})
    assert found == {
        "name": "m_2",
        "path": "/f/m_2.eer",
        "motion_early": 3.25,
        "motion": 7.75,
        "defocus": 20_000,
        "astigmatism": 400,
        "resolution": 5.5,
        "figure_of_merit": 0.5,
        "ice_ring": 0.1,
        "ice_thickness": 0.5,
        "contamination": 0.25,
        "particles": 7,
        "extracted": 6,
        "seconds": 50,
        "image": "/c/m_2.mrc",
        "diagnostic": "a.png",
        "picks": "picks.jpeg",
    }
    assert first.arrived <= second.arrived


def test_an_image_that_came_summed_is_known_from_its_picks(ledger, grid, picks):
    grid.done("movie", "/f/m_1.mrc", {"particle_picking": picks(3)})
    (movie,) = movie_facts(movie_rows(ledger, "cm1"), {})
    assert (movie.name, movie.image, movie.particles, movie.extracted) == ("m_1", "a.mrc", 3, None)


def test_of_items_that_are_done_only_the_period_is_told(ledger, grid):
    assert arrivals_of(ledger, "cm1") == (None, None)
    grid.done("movie", "a", {})
    grid.done("tilt_series", "b", {}, name="Position_1")
    grid.take("movie", "c")
    assert [(item.kind, item.name, item.state) for item in items_of(ledger, "cm1")] == [
        ("tilt_series", "Position_1", "done"),
        ("movie", "c", "running"),
    ]
    first, last = arrivals_of(ledger, "cm1")
    assert last >= first > 1.7e9


def test_the_last_images_are_pictured_with_their_ctf_where_it_is_there(tmp_path):
    image, diagnostic = tmp_path / "a.mrc", tmp_path / "a.png"
    write_mrc(image, np.eye(16, dtype=np.float32), 1)
    diagnostic.touch()
    movies = [MovieFacts(name=str(number), path="", arrived=0, image=str(image)) for number in range(6)]
    movies[5] = movies[5].model_copy(update={"diagnostic": str(diagnostic)})
    movies[4] = movies[4].model_copy(update={"diagnostic": str(tmp_path / "gone.png"), "picks": str(diagnostic)})
    latest = latest_images(movies, tmp_path / "report")
    assert [one.name for one in latest] == ["5", "4", "3", "2"]
    assert [one.diagnostic for one in latest[:3]] == [diagnostic, None, None]
    assert [one.picks for one in latest[:3]] == [None, diagnostic, None]
    assert all((tmp_path / "report" / one.picture.file).is_file() for one in latest)
