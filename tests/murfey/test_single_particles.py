from random import Random

import pytest
from murfey.rig import Rig, undelivered

from tasks.ledger import status

SESSION = "cm12345-1-raw7"


def begin(rig: Rig, names: list[str]):
    spa = rig.murfey.spa()
    for number, name in enumerate(names, start=1):
        spa.movie(name, foil_hole=number)
    return spa


def ends_well(rig: Rig) -> None:
    """Nothing is held, refused, or left to be said."""
    assert rig.murfey.dead == []
    assert not any(rig.murfey.holds().values())
    assert undelivered(rig.ledger) == {}


def counts(rig: Rig) -> dict[str, tuple[int, int, int]]:
    kinds = status(rig.ledger, SESSION).kinds
    return {kind.kind: (kind.open, kind.done, kind.quarantined) for kind in kinds}


def test_a_session_goes_from_its_first_movie_to_its_last_b_factor(rig, movies):
    spa = begin(rig, movies(12))
    rig.run()
    ends_well(rig)
    assert all(movie["preprocessed"] for movie in spa.movies.values())
    asked = rig.asked()
    assert asked["em-spa-preprocess"] == asked["em-spa-extract"] == 12
    assert len(rig.told("picked_particles")) == 12
    # 60 particles are three full batches, of which the first sets the score.
    assert len(rig.told("complete_particles_file")) == 3
    assert len(rig.told("save_class_selection_score")) == 1
    assert len(rig.told("save_initial_model")) == 1
    assert rig.told("run_class3d")
    assert len(rig.told("done_3d_batch")) == asked["em-spa-class3d"]
    assert len(rig.told("done_refinement")) == asked["em-spa-refine"]
    assert len(rig.told("done_bfactor")) >= asked["em-spa-bfactor"] >= 1
    assert rig.murfey.to_ispyb
    assert all(open_ == given_up == 0 for open_, _, given_up in counts(rig).values())


def said(rig: Rig) -> list[tuple[str, str]]:
    """What Murfey was told, without what changes from run to run."""
    what = ("motion_correction_id", "number_of_particles", "class2d_message", "class3d_message", "job_dir")
    return sorted((body["register"], str([body.get(key) for key in what])) for body in rig.murfey.heard)


def test_what_is_delivered_twice_is_answered_once(rig, movies):
    rig.deliveries = 2
    begin(rig, movies(12))
    rig.run()
    ends_well(rig)
    assert len(rig.told("picked_particles")) == 12
    assert len(rig.told("complete_particles_file")) == 3
    assert rig.done["movie"] == rig.done["extraction"] == 12


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_the_order_it_ends_well(rig, movies, seed):
    rig.random, rig.crashes = Random(seed), True
    begin(rig, movies(9))
    rig.run()
    ends_well(rig)
    assert len(rig.told("picked_particles")) == 9
    assert rig.told("done_bfactor")


def test_a_movie_that_is_announced_again_is_not_done_again(rig, movies):
    names = movies(3)
    spa = begin(rig, names)
    rig.run()
    spa.movie(names[0])
    rig.run()
    ends_well(rig)
    assert rig.done["movie"] == 3


@pytest.mark.parametrize(
    "kind", ["movie", "extraction", "particle_file", "particle_batch", "classification_3d", "refinement", "b_factor"]
)
def test_what_is_given_up_holds_nothing_back(rig, movies, kind):
    rig.fail(kind)
    begin(rig, movies(9))
    rig.run()
    ends_well(rig)
    assert counts(rig)[kind][2] > 0


def test_after_a_failure_of_one_the_others_go_on(rig, movies):
    names = movies(12)
    rig.fail("movie", unless=lambda lease: not lease.key.endswith(names[0]))
    spa = begin(rig, names)
    rig.run()
    ends_well(rig)
    # Nothing waits for a movie, so nobody is told of one that was given up.
    assert [movie["preprocessed"] for movie in spa.movies.values()] == [False, *[True] * 11]
    assert rig.told("done_bfactor")


def test_movies_that_come_later_are_processed_too(rig, movies):
    spa = begin(rig, movies(6))
    rig.run()
    for name in movies(10, first=7):
        spa.movie(name)
    rig.run()
    ends_well(rig)
    assert len(rig.told("picked_particles")) == 16
    assert len(rig.told("complete_particles_file")) == 4
