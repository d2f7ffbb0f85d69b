import pytest

from flows.spa_plan import planned
from flows.spa_sessions import SpaSession
from tasks.ledger import Standing

RULES = SpaSession(
    acquisition={"pixel_size": 1}, picks_for_diameter=100, batch_size=100, batch_size_3d=100, fewest_for_3d=20
)
QUIET = 2 * RULES.quiet_after


def movie(name: str, picks: int, **how) -> Standing:
    found = {"ctf_estimation": "c", "particle_picking": f"p{picks}"}
    given = {"state": "done", "age": 0, "digests": found, "counts": {"particle_picking": picks}} | how
    return Standing(key=name, payload={}, **given)


def done(key: str, payload, step: str, count: int | None = None, of: str = "x") -> Standing:
    counts = {} if count is None else {step: count}
    return Standing(key=key, state="done", payload=payload, age=0, finished=1, digests={step: of}, counts=counts)


def news(items, rules=RULES) -> dict[str, dict[str, dict]]:
    """Return the payloads that are wanted, by kind and key."""
    found: dict[str, dict[str, dict]] = {}
    for arrival in planned("cm1", rules, items):
        assert arrival.session == "cm1"
        found.setdefault(arrival.kind, {})[arrival.key] = arrival.payload
    return found


def grown(items, kind: str, step: str, counts: dict[str, int] | None = None, of: str = "x"):
    """Have all that is wanted of a kind done."""
    wanted = news(items)[kind]
    return items | {
        kind: [done(key, payload, step, (counts or {}).get(key), of) for key, payload in wanted.items()],
    }


def session(picks: int = 60, age: float = 0):
    """Two movies, whose particles have been extracted with the diameter that was found."""
    items = {"movie": [movie("a", picks, age=age), movie("b", picks, age=age)]}
    items = grown(items, "particle_diameter", "particle_diameter")
    return grown(items, "extraction", "particle_extraction", {"a": 58, "b": 60})


def classified(age: float = 0, good: int = 110):
    return grown(session(age=age), "particle_batch", "class_selection", {"1": good})


def test_the_diameter_is_settled_when_there_are_enough_particles_and_nothing_is_extracted_before():
    assert news({"movie": [movie("a", 60)]}) == {}
    assert list(news({"movie": [movie("a", 60), movie("b", 60)]})) == ["particle_diameter"]
    assert list(news({"movie": [movie("a", 60, age=QUIET)]})) == ["particle_diameter"], "the session has ended"
    assert news({"movie": [movie("a", 60, age=QUIET), movie("b", 0, state="running")]}) == {}
    assert news({"movie": [movie("a", 0, age=QUIET)]}) == {}


def test_a_diameter_that_is_given_needs_no_estimate():
    given = RULES.model_copy(update={"extractor": RULES.extractor.model_copy(update={"diameter": 150})})
    items = {"movie": [movie("a", 6), movie("b", 0), movie("c", 7, state="waiting")]}
    assert list(news(items, given)) == ["extraction"]
    assert list(news(items, given)["extraction"]) == ["a"]
    other = given.model_copy(update={"extractor": RULES.extractor.model_copy(update={"diameter": 160})})
    assert news(items, other) != news(items, given), "another diameter is another extraction"


def test_extraction_is_done_again_exactly_where_picks_or_ctf_have_changed():
    items = session()
    before = news(items)["extraction"]
    changed = items | {"movie": [movie("a", 61), movie("b", 60)]}
    after = news(changed)["extraction"]
    assert after["a"] != before["a"]
    assert after["b"] == before["b"]
    none = items | {"movie": [movie("a", 0), movie("b", 130)]}
    assert set(news(none)["extraction"]) == {"a", "b"}, "one that has lost its particles must know"


def test_another_picker_has_the_diameter_settled_anew():
    items = session()
    other = RULES.model_copy(update={"picker": RULES.picker.model_copy(update={"distance": 0.9})})
    assert news(items, other)["particle_diameter"] != news(items)["particle_diameter"]
    assert "extraction" not in news(items, other), "it waits for the new diameter"


def test_good_particles_are_classified_in_3d_at_each_doubling():
    assert set(news(classified())["classification_3d"]) == {"100"}
    assert "classification_3d" not in news(classified(good=99))
    batches = {str(number): 110 for number in range(1, 6)}
    for number, key in ((2, "200"), (3, "200"), (4, "400"), (5, "400")):
        payload = {"micrographs": ["a"], "complete": True, "size": 100, "particles": 120, "of": "x"}
        full = [done(each, payload, "class_selection", batches[each]) for each in list(batches)[:number]]
        wanted = news({"particle_batch": full})["classification_3d"]
        assert set(wanted) == {key}
        assert wanted[key]["batches"] == [str(each) for each in range(1, min(number, int(key) // 100) + 1)]


def test_the_end_of_a_session_classifies_all_that_is_left():
    items = grown(session(age=QUIET), "particle_batch", "class_selection", {"1": 60})
    assert set(news(items)["classification_3d"]) == {"all"}
    too_few = grown(session(age=QUIET), "particle_batch", "class_selection", {"1": 19})
    assert "classification_3d" not in news(too_few)
    assert set(news(classified(age=QUIET))["classification_3d"]) == {"100"}, "nothing more is left"


def test_a_session_does_not_end_while_anything_is_open():
    items = session(age=QUIET)
    running = items | {
        "extraction": [items["extraction"][0], items["extraction"][1].model_copy(update={"state": "running"})]
    }
    assert "particle_batch" not in news(running)
    assert "particle_batch" in news(items)


def test_density_refinement_and_b_factor_follow_each_other_and_change_together():
    items = classified()
    items = grown(items, "classification_3d", "symmetry_search")
    items = grown(items, "refinement", "refinement")
    assert set(news(items)["b_factor"]) == {"100"}
    before = news(items)
    assert news(grown(items, "classification_3d", "symmetry_search")) == before
    after = news(grown(items, "classification_3d", "symmetry_search", of="y"))
    assert after["refinement"] != before["refinement"]
    assert after["classification_3d"] == before["classification_3d"]


@pytest.mark.parametrize("state", ["waiting", "running", "quarantined"])
def test_nothing_follows_from_what_is_not_done(state):
    items = {kind: [one.model_copy(update={"state": state}) for one in those] for kind, those in classified().items()}
    assert {"particle_diameter", "extraction", "classification_3d"}.isdisjoint(news(items))
