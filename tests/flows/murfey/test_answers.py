import json
from pathlib import Path
from typing import Any

import pytest
from found_of_particles import batch, densities, movie, particle_set, parts, refinement, sharpened

from flows.murfey.answering import places_of
from flows.murfey.answers import answers_of
from flows.murfey.density_answers import NO_RESOLUTION
from flows.murfey.naming import file_for_density, file_of_batch, folder_of_classes
from flows.murfey.settled import Settled
from tasks.ledger import Asked, Result, Session
from tasks.models import Micrograph, Motion

FOLDER = Path("/data/2026/cm12345-1/processed/raw7")
SESSION = Session(name="cm12345-1-raw7", kind="spa", folder=FOLDER, identifiers={"murfey": {}})
COMMON = {"session_id": 7, "autoproc_program_id": 3, "feedback_queue": "murfey_feedback"}
FILES = {"particles_file": str(file_of_batch(FOLDER, "1")), "class2d_dir": f"{FOLDER}/Class2D/job010"}
DENSITY = {"particles_file": str(file_for_density(FOLDER, "60")), "class3d_dir": f"{FOLDER}/Class3D/job021"}
REFINED = {"refined_grp_uuid": 202, "refined_class_uuid": 203}
REFINE = {
    "refine_job_dir": f"{FOLDER}/Refine3D/job024",
    "class3d_dir": str(folder_of_classes(FOLDER, "60")),
    "class_number": 2,
    "pixel_size": 0.83,
    "symmetry": "C1",
    **REFINED,
}
PART = {
    "bfactor_directory": f"{FOLDER}/BFactors/bfactor_2000",
    "class_reference": "/ref.mrc",
    "mask": "/mask.mrc",
    "batch_size": 9000,
    "class_number": 2,
    "pixel_size": "2.4",
    **REFINED,
}
MOVIE = {"mrc_out": f"{FOLDER}/MotionCorr/job002/Movies/a_motion_corrected.mrc", "movie": "/data/raw7/a.tiff"}


def asked(recipe: str, parameters: dict[str, Any], sequence: int = 1) -> Asked:
    body = json.dumps({"recipes": [recipe], "parameters": COMMON | parameters})
    return Asked(session=SESSION.name, recipe=recipe, key="k", kind="any", item="any", body=body, sequence=sequence)


def settled(kind: str, found, *requests: Asked, key: str = "60", state: str = "done", **payload) -> Settled:
    results = {
        step: Result(step=step, digest="x", result=each.model_dump(mode="json"), tool="made up")
        for step, each in found.items()
    }
    return Settled(SESSION, kind, key, state, payload, results, requests)


def told(item: Settled) -> list[dict]:
    answers = answers_of(item)
    assert {answer.queue for answer in answers} <= {"murfey_feedback"}
    bodies = [answer.feedback.body() for answer in answers]
    assert all(body["program_id"] == 3 for body in bodies)
    return bodies


def registers(item: Settled) -> list[str]:
    return [body["register"] for body in told(item)]


def spa(sequence: int = 1, **more) -> Asked:
    parameters = MOVIE | {"pixel_size": 0.83, "mc_uuid": 16 + sequence} | more
    return asked("em-spa-preprocess", parameters, sequence)


def test_a_movie_tells_of_its_particles():
    found = movie(Path("/data/raw7/a.tiff"), FOLDER / "a", 140)
    (body,) = told(settled("movie", found, spa()))
    assert body["register"] == "picked_particles"
    assert (body["motion_correction_id"], body["session_id"]) == (17, 7)
    assert body["particle_diameters"] == [180.0] * 100
    assert (body["particle_count"], body["resolution"], body["astigmatism"], body["defocus"]) == (140, 3.9, 120, 15_000)
    extraction = body["extraction_parameters"]
    assert extraction["micrographs_file"] == MOVIE["mrc_out"], "it is known again by this"
    assert extraction["ctf_values"]["DefocusU"] == 15_060
    assert extraction["ctf_values"]["CtfImage"].startswith("/")


def test_the_diameters_of_particles_count_once():
    found = movie(Path("/data/raw7/a.tiff"), FOLDER / "a", 3)
    again = told(settled("movie", found, spa(), spa(2)))
    assert [body["particle_diameters"] for body in again] == [[180.0] * 3, []]
    assert [body["motion_correction_id"] for body in again] == [17, 18]
    (known,) = told(settled("movie", found, spa(particle_diameter=180)))
    assert known["particle_diameters"] == []


def test_a_movie_that_was_given_up_is_not_told():
    assert told(settled("movie", {}, spa(), state="quarantined")) == []


@pytest.mark.parametrize("state", ["done", "quarantined"])
def test_the_movie_of_a_tilt_is_always_told(state):
    request = asked("em-tomo-preprocess", MOVIE | {"pixel_size": 2, "movie": "/data/raw7//a.tiff"})
    (body,) = told(settled("tilt_movie", {}, request, state=state))
    assert body == {
        "register": "motion_corrected",
        "program_id": 3,
        "movie": "/data/raw7//a.tiff",
        "mrc_out": MOVIE["mrc_out"],
    }


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_nothing_is_told_of_what_is_not_settled(state):
    request = asked("em-tomo-preprocess", MOVIE | {"pixel_size": 2})
    assert told(settled("tilt_movie", {}, request, state=state)) == []


def test_nothing_is_told_to_one_who_awaits_no_answer():
    request = asked("em-tomo-preprocess", MOVIE | {"pixel_size": 2, "feedback_queue": None})
    assert told(settled("tilt_movie", {}, request)) == []


def extraction() -> Asked:
    names = {"micrographs_file": MOVIE["mrc_out"], "coord_list_file": "/a.star", "output_file": "/a_extract.star"}
    return asked("em-spa-extract", names | {"pixel_size": 1})


def of_file(key: str, *, complete: bool, members: int = 2) -> Settled:
    payload = {"complete": complete, "size": 100, "micrographs": [str(number) for number in range(members)]}
    return settled("particle_file", {"particle_file": particle_set(60)}, extraction(), key=key, **payload)


def test_files_of_particles_are_told_as_they_fill_up():
    (body,) = told(of_file("2d/1", complete=False))
    assert body["register"] == "incomplete_particles_file"
    place = f"{FOLDER}/particle_files/2d/particles_1.star"
    message = {"particles_file": place, "class2d_dir": f"{FOLDER}/Class2D/job", "batch_size": 100}
    assert body["class2d_message"] == message
    assert registers(of_file("2d/1", complete=True)) == ["complete_particles_file"]
    assert registers(of_file("2d/3", complete=True)) == ["complete_particles_file"]
    assert registers(of_file("2d/3", complete=False)) == []
    assert registers(of_file("2d/3", complete=True, members=0)) == []


def test_a_file_that_has_grown_is_another_event_but_a_full_one_is_told_once():
    def event(members: int, *, complete: bool) -> str:
        (answer,) = answers_of(of_file("2d/1", complete=complete, members=members))
        return answer.feedback.event

    assert event(2, complete=False) == event(2, complete=False) != event(3, complete=False)
    assert event(2, complete=True) == event(3, complete=True)


def test_good_particles_are_told_for_classification_in_3d():
    request = asked("em-spa-class2d", FILES | {"batch_is_complete": True})
    payload = {"batches": ["1", "2"], "particles": 77}
    found = {"particle_file": particle_set(77)}
    (body,) = told(settled("particle_file", found, request, key="3d/60", **payload))
    message = {"particles_file": DENSITY["particles_file"], "class3d_dir": f"{FOLDER}/Class3D/job", "batch_size": 60}
    assert (body["register"], body["class3d_message"]) == ("run_class3d", message)
    (everything,) = told(settled("particle_file", found, request, key="3d/all", **payload))
    assert everything["class3d_message"]["batch_size"] == 77


@pytest.mark.parametrize(
    ("complete", "score", "state", "register"),
    [
        (False, None, "done", "done_incomplete_2d_batch"),
        (False, 0, "quarantined", "done_incomplete_2d_batch"),
        (True, 0, "done", "save_class_selection_score"),
        (True, 0, "quarantined", "done_incomplete_2d_batch"),
        (True, 0.53, "done", "done_class_selection"),
        (True, 0.53, "quarantined", "done_class_selection"),
    ],
)
def test_a_batch_lets_murfey_go_on(complete, score, state, register):
    request = asked("em-spa-class2d", FILES | {"batch_is_complete": complete, "autoselect_min_score": score})
    (body,) = told(settled("particle_batch", batch(60), request, state=state, requests=1))
    assert body["register"] == register
    if register == "done_incomplete_2d_batch":
        assert body["job_dir"] == FILES["class2d_dir"]
    if register == "save_class_selection_score":
        assert body["class_selection_score"] == 0.5


def test_a_request_that_came_meanwhile_is_answered_the_next_time():
    requests = [asked("em-spa-class2d", FILES | {"batch_is_complete": False}, number) for number in (1, 2)]
    first = answers_of(settled("particle_batch", batch(60), *requests, requests=1))
    both = answers_of(settled("particle_batch", batch(60), *requests, requests=2))
    events = [answer.feedback.event for answer in both]
    assert [answer.feedback.event for answer in first] == events[:1]
    assert len(set(events)) == 2


def test_a_first_density_is_told_before_the_classification_has_ended():
    request = asked("em-spa-class3d", DENSITY | {"do_initial_model": True})
    model, ended = told(settled("classification_3d", densities(60, FOLDER / "densities/60"), request, requests=1))
    assert (model["register"], model["initial_model"]) == ("save_initial_model", f"{FOLDER}/densities/60/map.mrc")
    assert ended == {
        "register": "done_3d_batch",
        "program_id": 3,
        "session_id": 7,
        "do_refinement": True,
        "refine_dir": f"{FOLDER}/Refine3D/job",
        "class3d_dir": str(folder_of_classes(FOLDER, "60")),
        "best_class": 1,
    }


@pytest.mark.parametrize("reached", [0, 2, 4])
def test_a_classification_that_failed_lets_murfey_go_on_with_a_density(reached):
    found = dict(list(densities(60, FOLDER / "densities/60").items())[:reached])
    request = asked("em-spa-class3d", DENSITY | {"do_initial_model": True})
    model, ended = told(settled("classification_3d", found, request, state="quarantined", requests=1))
    assert model["initial_model"].startswith(str(FOLDER))
    assert (ended["register"], ended["do_refinement"]) == ("done_3d_batch", False)
    later = asked("em-spa-class3d", DENSITY | {"initial_model_file": model["initial_model"]})
    assert registers(settled("classification_3d", found, later, state="quarantined", requests=1)) == ["done_3d_batch"]


def refined(count: int, resolution: float | None) -> dict:
    return {"refinement": refinement(count), "post_processing": sharpened(resolution)}


def test_a_refinement_is_told_with_its_resolution():
    (body,) = told(settled("refinement", refined(3000, 3.2), asked("em-spa-refine", REFINE), requests=1))
    assert (body["register"], body["symmetry"], body["project_dir"]) == ("done_refinement", "C1", str(FOLDER))
    assert (body["number_of_particles"], body["resolution"]) == (3000, 3.2)
    assert (body["refined_grp_uuid"], body["refined_class_uuid"], body["class_number"]) == (202, 203, 2)
    assert (body["mask_file"], body["pixel_size"]) == ("/nowhere/mask", 3)


@pytest.mark.parametrize(
    ("particles", "said"), [(300, 2001), (2000, 2001), (2001, 2001), (4000, 3999), (4001, 4001), (8000, 7999)]
)
def test_murfey_is_told_a_number_of_particles_with_which_it_goes_on(particles, said):
    (body,) = told(settled("refinement", refined(particles, 9.1), asked("em-spa-refine", REFINE), requests=1))
    assert body["number_of_particles"] == said


@pytest.mark.parametrize("known", [{}, densities(5000, FOLDER / "densities/60")])
def test_a_refinement_that_failed_lets_murfey_go_on(known):
    (body,) = told(settled("refinement", known, asked("em-spa-refine", REFINE), state="quarantined", requests=1))
    assert body["register"] == "done_refinement"
    assert body["number_of_particles"] == (5000 if known else 2001)
    assert body["resolution"] == NO_RESOLUTION


def test_each_part_of_the_particles_is_told():
    sizes = (2000, 4000)
    requests = [asked("em-spa-bfactor", PART | {"number_of_particles": size}) for size in sizes]
    found = refined(9000, 3.2) | parts([2000])
    first, second = told(settled("b_factor", found, *requests, requests=2))
    assert (first["register"], first["number_of_particles"], first["resolution"]) == ("done_bfactor", 2000, 4.5)
    assert (second["number_of_particles"], second["resolution"]) == (4000, NO_RESOLUTION), "it has failed"
    few = told(settled("b_factor", refined(1500, 3.2), *requests, requests=2))
    assert [body["resolution"] for body in few] == [3.2, 3.2], "that of all particles there are"
    lost = told(settled("b_factor", {}, *requests, state="quarantined", requests=2))
    assert [body["resolution"] for body in lost] == [NO_RESOLUTION] * 2


def test_the_folders_that_murfey_names_are_those_of_the_files():
    request = asked("em-spa-class2d", FILES | {"batch_is_complete": False})
    item = settled("particle_batch", batch(60), request, requests=1)
    assert list(places_of(item)) == [(Path(FILES["class2d_dir"]), Path("/nowhere"))]
    part = asked("em-spa-bfactor", PART | {"number_of_particles": 2000})
    places = list(places_of(settled("b_factor", parts([2000]), part, requests=1)))
    assert places == [(FOLDER / "BFactors/bfactor_2000", Path("/nowhere"))]
    assert list(places_of(settled("refinement", {}, asked("em-spa-refine", REFINE), requests=1))) == []


def test_a_micrograph_is_where_murfey_looks_for_it():
    image = Micrograph(path=FOLDER / "a.mrc", pixel_size=1)
    motion = Motion(micrograph=image, displacements=(), early=0, late=0, metadata=FOLDER / "a.star", program="made up")
    item = settled("movie", {"motion_correction": motion}, spa())
    assert list(places_of(item)) == [(Path(MOVIE["mrc_out"]), FOLDER / "a.mrc")]
