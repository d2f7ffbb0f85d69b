import json
from pathlib import Path
from typing import Any

import pytest

from flows.murfey.naming import file_for_density, file_of_batch, folder_of_classes
from flows.murfey.plan import planned_by_murfey
from flows.murfey.wishes import with_request
from flows.spa_plan import planned
from flows.spa_sessions import SpaSession
from tasks.class_selection import RelionClassRanker
from tasks.errors import InputError
from tasks.initial_model import GivenModel
from tasks.ledger import Asked, Session, Standing

FOLDER = Path("/data/2026/cm12345-1/processed/raw7")
IDENTIFIERS = {"murfey": {"feedback_queue": "murfey_feedback"}}
SIZES = {"batch_size": 100, "batch_size_3d": 60}
SESSION = Session(name="cm12345-1-raw7", kind="spa", folder=FOLDER, identifiers=IDENTIFIERS, parameters=SIZES)
RULES = SpaSession(
    acquisition={"pixel_size": 1},
    extractor={"tool": "embedded", "diameter": 180},
    batch_size=100,
    incomplete_batch_size=50,
    batch_size_3d=60,
    fewest_for_3d=20,
)
QUIET = 2 * RULES.quiet_after
COMMON = {"session_id": 7, "autoproc_program_id": 3, "feedback_queue": "murfey_feedback", "particle_diameter": 180.0}


def asked(kind: str, item: str, parameters: dict[str, Any], sequence: int = 1) -> Asked:
    recipe = {
        "extraction": "em-spa-extract",
        "particle_batch": "em-spa-class2d",
        "classification_3d": "em-spa-class3d",
        "refinement": "em-spa-refine",
        "b_factor": "em-spa-bfactor",
    }[kind]
    body = json.dumps({"recipes": [recipe], "parameters": COMMON | parameters})
    return Asked(session=SESSION.name, recipe=recipe, key=item, kind=kind, item=item, body=body, sequence=sequence)


def extract(movie: str) -> Asked:
    place = {"micrographs_file": f"{FOLDER}/MotionCorr/job002/Movies/{movie}.mrc", "pixel_size": 1, "batch_size": 100}
    files = {"coord_list_file": f"{FOLDER}/{movie}.star", "output_file": f"{FOLDER}/{movie}_extract.star"}
    return asked("extraction", movie, place | files)


def class2d(number: str = "1", *, complete: bool = False, sequence: int = 1, **more) -> Asked:
    files = {"particles_file": str(file_of_batch(FOLDER, number)), "class2d_dir": f"{FOLDER}/Class2D/job010"}
    return asked("particle_batch", number, files | {"batch_is_complete": complete, "seed": sequence} | more, sequence)


def class3d(key: str = "60", **more) -> Asked:
    files = {"particles_file": str(file_for_density(FOLDER, key)), "class3d_dir": f"{FOLDER}/Class3D/job021"}
    return asked("classification_3d", key, files | more)


def refine(key: str = "60") -> Asked:
    files = {"refine_job_dir": f"{FOLDER}/Refine3D/job024", "class3d_dir": str(folder_of_classes(FOLDER, key))}
    return asked("refinement", key, files | {"class_number": 1, "pixel_size": 1})


def b_factor(number: int, key: str = "60") -> Asked:
    files = {"bfactor_directory": f"{FOLDER}/BFactors/bfactor_{number}", "class_reference": "/m.mrc", "mask": "/k.mrc"}
    numbers = {"number_of_particles": number, "batch_size": 9000, "class_number": 1, "pixel_size": "2.4"}
    return asked("b_factor", key, files | numbers)


def movie(name: str, picks: int = 60, **how) -> Standing:
    digests = {"ctf_estimation": "c", "particle_picking": f"p{picks}"}
    given = {"state": "done", "age": 0, "digests": digests, "counts": {"particle_picking": picks}} | how
    return Standing(key=name, payload={}, **given)


def done(key: str, payload, step: str, count: int = 0, *, of: str = "x", state: str = "done") -> Standing:
    return Standing(key=key, state=state, payload=payload, age=0, finished=1, digests={step: of}, counts={step: count})


def wanted(items, requests=(), rules=RULES) -> dict[str, dict[str, dict]]:
    found: dict[str, dict[str, dict]] = {}
    for arrival in planned_by_murfey(SESSION, rules, items, requests):
        assert arrival.session == SESSION.name
        found.setdefault(arrival.kind, {})[arrival.key] = arrival.payload
    return found


def extracted(*names: str, **how):
    movies = [movie(name, **how) for name in names]
    items = {"movie": movies}
    payloads = wanted(items, [extract(name) for name in names])["extraction"]
    return items | {"extraction": [done(key, payload, "particle_extraction", 58) for key, payload in payloads.items()]}


def filed(*names: str, **how):
    """A session whose particles are in files."""
    items = extracted(*names, **how)
    files = wanted(items, requests_for(names))["particle_file"]
    return items | {"particle_file": [done(key, payload, "particle_file") for key, payload in files.items()]}


def requests_for(names) -> list[Asked]:
    return [extract(name) for name in names]


def test_nothing_but_what_is_asked_for_is_extracted():
    items = {"movie": [movie("a"), movie("b"), movie("c", state="running")]}
    assert wanted(items) == {}
    assert set(wanted(items, [extract("a"), extract("c")])["extraction"]) == {"a"}
    lone = RULES.model_copy(update={"extractor": RULES.extractor.model_copy(update={"diameter": None})})
    assert wanted(items, [extract("a")], lone) == {}


def test_a_micrograph_that_nobody_knows_is_given_up_with_the_reason():
    payload = wanted({"movie": [movie("a")]}, [extract("z")])["extraction"]["z"]
    with pytest.raises(InputError, match="no micrograph of this session"):
        with_request(RULES, payload)


def test_files_are_written_as_particles_come_but_classified_only_when_asked_for():
    items = extracted("a")
    assert set(wanted(items, requests_for("a"))["particle_file"]) == {"2d/1"}
    assert wanted(items, requests_for("a"))["particle_file"]["2d/1"]["complete"] is False
    full = filed("a", "b")
    assert full["particle_file"][0].payload["complete"] is True
    assert "particle_batch" not in wanted(full, requests_for("ab"))
    assert set(wanted(full, [*requests_for("ab"), class2d(complete=True)])["particle_batch"]) == {"1"}


def test_murfey_is_told_of_no_other_batch_that_is_not_full():
    items = filed("a", "b", "c", age=QUIET)
    assert {each.key for each in items["particle_file"]} == {"2d/1"}
    alone = filed("a", age=QUIET)
    assert {each.key for each in alone["particle_file"]} == {"2d/1"}


def test_what_has_grown_does_not_disturb_a_classification_that_runs():
    items, requests = filed("a"), [*requests_for("a"), class2d()]
    first = wanted(items, requests)["particle_batch"]["1"]
    running = done("1", first, "class_selection", state="running")
    grown = filed("a", "b") | {"particle_batch": [running]}
    more = [*requests_for("ab"), class2d(), class2d(sequence=2)]
    assert wanted(grown, more)["particle_batch"]["1"] == first
    settled = grown | {"particle_batch": [running.model_copy(update={"state": "done"})]}
    assert wanted(settled, [*requests_for("ab"), class2d()])["particle_batch"]["1"] == first, "nobody asked again"
    again = wanted(settled, more)["particle_batch"]["1"]
    assert again["micrographs"] == ["a", "b"]
    assert again["requests"] == 2


def test_a_batch_is_done_anew_when_its_particles_are():
    items, requests = filed("a"), [*requests_for("a"), class2d()]
    first = wanted(items, requests)["particle_batch"]["1"]
    files = [done("2d/1", {**items["particle_file"][0].payload, "of": "other"}, "particle_file")]
    changed = items | {"particle_file": files, "particle_batch": [done("1", first, "class_selection")]}
    assert wanted(changed, requests)["particle_batch"]["1"] == first | {"of": "other"}


def test_a_file_that_we_never_named_is_given_up_with_the_reason():
    stranger = class2d().model_copy(update={"item": "/elsewhere/particles.star"})
    payload = wanted(filed("a"), [*requests_for("a"), stranger])["particle_batch"]["/elsewhere/particles.star"]
    with pytest.raises(InputError, match=r"/elsewhere/particles\.star is not there"):
        with_request(RULES, payload)
    for request in (class3d("6000"), refine("6000"), b_factor(2000, "6000")):
        assert "unknown" in wanted(filed("a"), [request])[request.kind]["6000"]


def chain():
    """A session up to its refinement, with all requests for it."""
    names = ["a", "b"]
    requests = [*requests_for(names), class2d(complete=True)]
    items = filed(*names)
    batch = wanted(items, requests)["particle_batch"]["1"]
    items |= {"particle_batch": [done("1", batch, "class_selection", 80)]}
    files = wanted(items, requests)["particle_file"]
    items |= {"particle_file": [done(key, payload, "particle_file") for key, payload in files.items()]}
    requests.append(class3d(do_initial_model=True))
    density = wanted(items, requests)["classification_3d"]["60"]
    items |= {"classification_3d": [done("60", density, "symmetry_search")]}
    requests.append(refine())
    items |= {"refinement": [done("60", wanted(items, requests)["refinement"]["60"], "refinement")]}
    return items, requests


def test_densities_follow_what_murfey_asks_for():
    items, requests = chain()
    assert {each.key for each in items["particle_file"]} == {"2d/1", "3d/60"}
    assert items["classification_3d"][0].payload["batches"] == ["1"]
    assert "b_factor" not in wanted(items, requests)
    parts = wanted(items, [*requests, b_factor(2000), b_factor(4000), b_factor(2000)])["b_factor"]["60"]
    assert parts["sizes"] == [2000, 4000]
    assert parts["requests"] == 3


def test_a_part_of_what_was_given_up_is_given_up_too():
    items, requests = chain()
    items |= {"refinement": [items["refinement"][0].model_copy(update={"state": "quarantined"})]}
    assert "unknown" in wanted(items, [*requests, b_factor(2000)])["b_factor"]["60"]


def test_the_same_plan_follows_however_often_it_is_made():
    items, requests = chain()
    first = wanted(items, requests)
    for kind, payloads in first.items():
        there = {each.key: each.payload for each in items[kind]}
        assert there == payloads


def test_a_seed_is_not_what_is_asked_for():
    items = filed("a")
    one, other = (wanted(items, [*requests_for("a"), class2d(seed=seed)]) for seed in (3, 4))
    assert one == other


def test_the_end_of_a_session_classifies_all_that_is_left_in_3d():
    names = ["a", "b", "c"]
    requests = [*requests_for(names), class2d(complete=True)]
    items = filed(*names, age=QUIET)
    batch = wanted(items, requests)["particle_batch"]["1"]
    items |= {"particle_batch": [done("1", batch, "class_selection", 40)]}
    assert "3d/all" in wanted(items, requests)["particle_file"]
    waiting = items | {"particle_batch": [items["particle_batch"][0].model_copy(update={"state": "waiting"})]}
    assert "3d/all" not in wanted(waiting, requests)["particle_file"]


def wishing(request: Asked) -> SpaSession:
    """Return the tools for what a request asks for first."""
    there = {kind: those for kind, those in chain()[0].items() if kind != request.kind}
    return with_request(RULES, wanted(there, [*requests_for("ab"), request])[request.kind][request.item])


def test_a_request_decides_on_classes_iterations_and_the_mask():
    tools = wishing(class2d(nr_classes=7, nr_iter=9, mask_diameter=190.0))
    assert (tools.classifier_2d.classes, tools.classifier_2d.iterations) == (7, 9)
    assert tools.classifier_2d.mask_diameter == 190
    for unsuited in (0, 120.0, 400.0):
        assert wishing(class2d(mask_diameter=unsuited)).classifier_2d.mask_diameter is None
    density = wishing(class3d(nr_classes=3, initial_model_iterations=80))
    assert (density.classifier_3d.classes, density.model_finder.iterations) == (3, 80)


def test_a_least_score_is_the_threshold_of_a_good_class():
    assert wishing(class2d(complete=True, autoselect_min_score=0.53)).selector.threshold == 0.53
    assert wishing(class2d(complete=True, autoselect_min_score=0)).selector == RULES.selector
    ranker = RULES.model_copy(update={"selector": RelionClassRanker()})
    payload = {"wishes": {"autoselect_min_score": 0, "class2d_fraction_of_classes_to_remove": 0.7}}
    selector = with_request(ranker, payload).selector
    assert (selector.threshold, selector.removed_fraction) == (None, 0.7)


def test_symmetry_and_a_first_density_are_taken_as_given():
    assert wishing(class3d()).symmetry_search == RULES.symmetry_search
    assert wishing(class3d(symmetry="D7")).symmetry_search.group == "D7"
    with pytest.raises(InputError, match="symmetry"):
        wishing(class3d(symmetry="Ixyz"))
    given = wishing(class3d(initial_model_file="/data/model.mrc")).model_finder
    assert given == GivenModel(map=Path("/data/model.mrc"))
    ours = wishing(class3d(initial_model_file=str(FOLDER / "densities/60/symmetry_search/a.mrc"))).model_finder
    assert ours.tool == "relion"


def test_a_session_that_nobody_leads_has_its_tools_as_they_are():
    items = {"movie": [movie("a", 200)]}
    for arrival in planned("cm1", RULES, items):
        assert with_request(RULES, arrival.payload) is RULES
