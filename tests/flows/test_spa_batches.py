import pytest

from flows.spa_batches import Batches, micrographs
from flows.spa_sessions import SpaSession
from tasks.ledger import Standing

RULES = SpaSession(acquisition={"pixel_size": 1}, batch_size=100, incomplete_batch_size=40)


def extraction(name: str, particles: int, *, state: str = "done", of: str = "x") -> Standing:
    found = {"counts": {"particle_extraction": particles}, "digests": {"particle_extraction": of}}
    # Done in the order of their names.
    return Standing(key=name, state=state, payload={}, age=0, finished=float(ord(name)), **found)


def formed(extractions, before=None, rules=RULES, *, ended=False):
    """Return the batches that are wanted, given those that were wanted before, all done."""
    there = {
        number: Standing(key=str(number), state="done", payload=payload, age=0)
        for number, payload in (before or {}).items()
    }
    return Batches({each.key: each for each in extractions}, there, rules).wanted(ended=ended)


def members(batches):
    return {number: "".join(micrographs(payload)) for number, payload in batches.items()}


def some(names: str, particles: int = 30, **how) -> list[Standing]:
    return [extraction(name, particles, **how) for name in names]


def test_a_first_batch_begins_when_enough_has_come_and_grows_in_steps():
    assert formed(some("a")) == {}
    two = formed(some("ab"))
    assert members(two) == {1: "ab"}
    assert (two[1]["particles"], two[1]["complete"]) == (60, False)
    assert formed(some("abc"), two) != two, "90 particles are twice 40"
    assert members(formed(some("abc"), two)) == {1: "abc"}


def test_full_batches_keep_their_micrographs_whatever_is_done_again():
    full = formed(some("abcdefg"))
    assert members(full) == {1: "abcd"}
    assert full[1]["complete"]
    again = [*some("b", state="waiting"), *some("acdefghi")]
    assert formed(again, full)[1] == full[1], "one is being done again"
    late = [extraction("a", 30, of="y"), *some("bcdefghi")]
    changed = formed(late, full)
    assert members(changed) == {1: "abcd", 2: "efgh"}
    assert changed[1] != full[1], "other particles make it another batch"


def test_later_batches_wait_until_they_are_full_or_the_session_ends():
    full = formed(some("abcd"))
    assert members(formed(some("abcdefg"), full)) == {1: "abcd"}
    ended = formed(some("abcdefg"), full, ended=True)
    assert members(ended) == {1: "abcd", 2: "efg"}
    assert not ended[2]["complete"]
    assert formed(some("abcdefgh"), ended) != ended, "the last one has filled up"
    assert formed(some("abcdefg"), ended) == ended, "it does not disappear because a movie came"


def test_an_incomplete_batch_is_left_alone_while_one_of_its_micrographs_is_done_again():
    two = formed(some("ab"))
    assert formed([*some("a", state="running"), *some("b")], two) == two


def test_another_size_forms_all_batches_anew_and_empties_what_is_too_much():
    full = formed(some("abcdefgh"))
    assert members(full) == {1: "abcd", 2: "efgh"}
    larger = formed(some("abcdefgh"), full, RULES.model_copy(update={"batch_size": 200}))
    assert members(larger) == {1: "abcdefg", 2: ""}
    smaller = formed(some("abcdefgh"), full, RULES.model_copy(update={"batch_size": 50}))
    assert members(smaller) == {1: "ab", 2: "cd", 3: "ef", 4: "gh"}


@pytest.mark.parametrize("ended", [False, True])
def test_micrographs_without_particles_and_those_given_up_are_in_no_batch(ended):
    extractions = [*some("a", 0), *some("b", state="quarantined"), *some("cdef")]
    assert members(formed(extractions, ended=ended)) == {1: "cdef"}


def test_a_micrograph_that_was_given_up_later_makes_its_batch_anew():
    full = formed(some("abcdefgh"))
    given_up = [*some("a", state="quarantined"), *some("bcdefgh")]
    assert members(formed(given_up, full)) == {1: "bcde", 2: ""}
