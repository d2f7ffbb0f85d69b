from pathlib import Path

import pytest
from murfey.captured import is_as_captured
from murfey.scripted import ConsumerDiedError, ScriptedMurfey, Site

PROJECT = "/data/2026/cm12345-1/processed/raw7"
SPLITS = [f"{PROJECT}/Select/job009/particles_split{number}.star" for number in (1, 2, 3)]


@pytest.fixture
def murfey() -> ScriptedMurfey:
    return ScriptedMurfey(Site(Path("/data"), sizes_for_diameter=50))


def picked(spa, movie: dict, diameters: list[float]) -> list[dict]:
    asked = movie["parameters"]
    image = Path(asked["mrc_out"])
    message = {
        "register": "picked_particles",
        "motion_correction_id": asked["mc_uuid"],
        "program_id": asked["autoproc_program_id"],
        "session_id": asked["session_id"],
        "micrograph": str(image),
        "particle_diameters": diameters,
        "particle_count": len(diameters),
        "extraction_parameters": {
            "micrographs_file": str(image),
            "coord_list_file": f"{PROJECT}/AutoPick/job007/STAR/{image.stem}.star",
            "extract_file": f"{PROJECT}/Extract/job008/Movies/{image.stem}_extract.star",
            "ctf_values": {
                "CtfImage": f"{image.stem}.ctf",
                "CtfMaxResolution": 3.9,
                "CtfFigureOfMerit": 0.12,
                "DefocusU": 15060.0,
                "DefocusV": 14940.0,
                "DefocusAngle": 33.0,
            },
        },
    }
    return spa.murfey.feedback(message)


def said(spa, register: str, recipe: str = "em-spa-extract", **keys: object) -> list[dict]:
    return spa.murfey.feedback(
        {"register": register, "program_id": spa.programs[recipe], "session_id": spa.murfey.site.session, **keys}
    )


def batch(file: str) -> dict:
    return {"class2d_message": {"particles_file": file, "class2d_dir": f"{PROJECT}/Class2D/job", "batch_size": 50000}}


def of_good(number: int) -> dict:
    file = f"{PROJECT}/Select/job013/particles_batch_{number}.star"
    return {"class3d_message": {"particles_file": file, "class3d_dir": f"{PROJECT}/Class3D/job", "batch_size": number}}


def refined(spa, number: int, asked: dict) -> list[dict]:
    return said(
        spa,
        "done_refinement",
        symmetry="C1",
        project_dir=PROJECT,
        number_of_particles=number,
        resolution=4.0,
        refined_grp_uuid=asked["refined_grp_uuid"],
        refined_class_uuid=asked["refined_class_uuid"],
        class_reference=f"{PROJECT}/Refine3D/ref.mrc",
        class_number=2,
        mask_file=f"{PROJECT}/mask.mrc",
        pixel_size="2.4",
    )


def test_a_movie_that_is_announced_again_has_new_numbers(murfey):
    spa = murfey.spa()
    first, again = spa.movie("Images-Disc1/a_fractions.tiff"), spa.movie("Images-Disc1/a_fractions.tiff")
    assert is_as_captured("em-spa-preprocess.direct", first)
    same = {"mc_uuid", "picker_uuid", "image_number"}
    assert {key for key, value in first["parameters"].items() if again["parameters"][key] != value} == same
    assert again["parameters"]["picker_uuid"] == again["parameters"]["mc_uuid"] + 1
    assert first["parameters"]["mrc_out"] == (
        f"{PROJECT}/MotionCorr/job002/Movies/Images-Disc1/a_fractions_motion_corrected.mrc"
    )


def test_the_message_after_that_with_which_there_are_enough_sizes_has_all_extracted(murfey):
    spa = murfey.spa()
    movies = [spa.movie(f"{number}_fractions.tiff") for number in range(4)]
    assert picked(spa, movies[0], [100.0] * 40) == picked(spa, movies[1], [200.0] * 11) == []
    burst = picked(spa, movies[2], [])
    assert len(burst) == 3
    assert all(is_as_captured("em-spa-extract.burst", each) for each in burst)
    assert {each["parameters"]["particle_diameter"] for each in burst} == {100.0}
    (single,) = picked(spa, movies[3], [300.0] * 99)
    assert single["parameters"]["particle_diameter"] == 100.0
    assert [movie["preprocessed"] for movie in spa.movies.values()] == [True] * 4
    assert murfey.dead == []


def test_2d_goes_as_it_was_seen_to_go(murfey):
    spa = murfey.spa(particle_diameter=187.0)
    (first,) = said(spa, "incomplete_particles_file", **batch(SPLITS[0]))
    assert is_as_captured("em-spa-class2d.incomplete", first)
    folder = first["parameters"]["class2d_dir"]
    assert folder == f"{PROJECT}/Class2D/job010"
    assert list(first["parameters"]["class_uuids"])[::49] == ["0", "49"]

    # It grew meanwhile, so it is done again.
    assert said(spa, "incomplete_particles_file", **batch(SPLITS[0])) == []
    (again,) = said(spa, "done_incomplete_2d_batch", "em-spa-class2d", job_dir=folder)
    assert is_as_captured("em-spa-class2d.rerun_incomplete", again)
    particular = {"mask_diameter", "combine_star_job_number", "seed"}
    changed = {key for key, value in first["parameters"].items() if again["parameters"][key] != value}
    assert changed == particular
    assert (again["parameters"]["mask_diameter"], again["parameters"]["combine_star_job_number"]) == (190.0, 0)

    assert said(spa, "done_incomplete_2d_batch", "em-spa-class2d", job_dir=folder) == []
    assert not spa.hold_class2d
    (full,) = said(spa, "complete_particles_file", **batch(SPLITS[0]))
    assert full["parameters"] == again["parameters"] | {
        "batch_is_complete": True,
        "combine_star_job_number": 13,
        "seed": full["parameters"]["seed"],
    }

    # Nothing goes on until a score is known; then all at once.
    assert said(spa, "complete_particles_file", **batch(SPLITS[1])) == []
    assert murfey.holds() == {"raw7 2D": True, "raw7 3D": False, "raw7 refinement": False}
    (flushed,) = said(spa, "save_class_selection_score", "em-spa-class2d", class_selection_score=0.53)
    (free,) = said(spa, "complete_particles_file", **batch(SPLITS[2]))
    assert [each["parameters"]["class2d_dir"][-3:] for each in (full, flushed, free)] == ["010", "014", "017"]
    assert list(free["parameters"]["class_uuids"])[::49] == ["1", "50"]
    assert is_as_captured("em-spa-class2d.after_score_flush", flushed)
    assert is_as_captured("em-spa-class2d.complete", free)
    assert not spa.hold_class2d
    assert murfey.dead == []


def test_densities_go_as_they_were_seen_to_go(murfey):
    spa = murfey.spa(particle_diameter=187.0, next_job=20)
    (first,) = said(spa, "run_class3d", "em-spa-class2d", **of_good(50000))
    assert is_as_captured("em-spa-class3d.first", first)
    assert first["parameters"]["class3d_dir"] == f"{PROJECT}/Class3D/job021"
    assert said(spa, "save_initial_model", "em-spa-class3d", initial_model="model.mrc") == []
    # Of what is held only the latest is kept.
    assert said(spa, "run_class3d", "em-spa-class2d", **of_good(80000)) == []
    assert said(spa, "run_class3d", "em-spa-class2d", **of_good(100000)) == []
    folders = {"refine_dir": f"{PROJECT}/Refine3D/job", "class3d_dir": f"{PROJECT}/Class3D/job021"}
    held, refine = said(spa, "done_3d_batch", "em-spa-class3d", do_refinement=True, best_class=2, **folders)
    assert is_as_captured("em-spa-class3d.held_batch", held)
    assert is_as_captured("em-spa-refine.first", refine)
    assert held["parameters"]["batch_size"] == 100000
    assert list(held["parameters"]["class_uuids"].values()) == list(first["parameters"]["class_uuids"].values())
    assert (next(iter(held["parameters"]["class_uuids"])), next(iter(first["parameters"]["class_uuids"]))) == ("0", "1")
    assert refine["parameters"]["refine_job_dir"] == f"{PROJECT}/Refine3D/job024"
    assert spa.next_job == 30

    assert said(spa, "done_3d_batch", "em-spa-class3d", do_refinement=True, best_class=3, **folders) == []
    assert murfey.holds() == {"raw7 2D": False, "raw7 3D": False, "raw7 refinement": True}
    parts = refined(spa, 9000, refine["parameters"])
    assert all(is_as_captured("em-spa-bfactor", part) for part in parts)
    assert [part["parameters"]["number_of_particles"] for part in parts] == [2000, 4000, 8000]
    follow = [
        said(
            spa,
            "done_bfactor",
            "em-spa-refine",
            number_of_particles=part["parameters"]["number_of_particles"],
            resolution=5.0 - 0.1 * count,
            refined_class_uuid=refine["parameters"]["refined_class_uuid"],
        )
        for count, part in enumerate(parts)
    ]
    assert follow[:2] == [[], []]
    (stored,) = follow[2]
    assert stored["parameters"]["class_number"] == 3
    assert stored["parameters"]["refined_class_uuid"] == refine["parameters"]["refined_class_uuid"]
    (fit,) = murfey.to_ispyb
    assert float(fit["bfactor_fit_linear"]) > 0
    assert fit["buffer_lookup"] == {"particle_classification_id": refine["parameters"]["refined_class_uuid"]}
    assert murfey.dead == []


def test_a_refinement_of_too_few_particles_is_released_by_its_own_b_factor(murfey):
    spa = murfey.spa(particle_diameter=187.0)
    said(spa, "run_class3d", "em-spa-class2d", **of_good(50000))
    folders = {"refine_dir": f"{PROJECT}/Refine3D/job", "class3d_dir": f"{PROJECT}/Class3D/job021"}
    (asked,) = said(spa, "done_3d_batch", "em-spa-class3d", do_refinement=True, best_class=1, **folders)
    assert refined(spa, 2000, asked["parameters"]) == []
    assert spa.densities.hold_refine
    uuid = asked["parameters"]["refined_class_uuid"]
    said(spa, "done_bfactor", "em-spa-refine", number_of_particles=2000, resolution=4.0, refined_class_uuid=uuid)
    assert not spa.densities.hold_refine
    assert murfey.dead == []


FOLDERS = {"refine_dir": f"{PROJECT}/Refine3D/job", "class3d_dir": f"{PROJECT}/Class3D/job021"}


def refined_with_parts(spa, number: int) -> list[int]:
    """Have particles refined, and all parts that Murfey asks for; return how many particles those have."""
    (asked,) = said(spa, "done_3d_batch", "em-spa-class3d", do_refinement=True, best_class=1, **FOLDERS)
    numbers = [part["parameters"]["number_of_particles"] for part in refined(spa, number, asked["parameters"])]
    common = {"resolution": 4.0, "refined_class_uuid": asked["parameters"]["refined_class_uuid"]}
    for part in numbers or [number]:
        said(spa, "done_bfactor", "em-spa-refine", number_of_particles=part, **common)
    return numbers


@pytest.mark.parametrize(("first", "parts"), [(1500, []), (2001, [2000]), (9000, [2000, 4000, 8000])])
def test_the_first_refinement_decides_of_how_many_particles_murfey_asks_for_ever(murfey, first, parts):
    spa = murfey.spa(particle_diameter=187.0)
    said(spa, "run_class3d", "em-spa-class2d", **of_good(50000))
    assert refined_with_parts(spa, first) == parts
    assert refined_with_parts(spa, 50000) == parts
    assert not spa.densities.hold_refine
    assert murfey.dead == []


def test_of_a_part_with_as_many_particles_as_a_refinement_murfey_never_takes_the_resolution(murfey):
    spa = murfey.spa(particle_diameter=187.0)
    said(spa, "run_class3d", "em-spa-class2d", **of_good(50000))
    refined_with_parts(spa, 9000)
    assert refined_with_parts(spa, 4000) == [2000, 4000, 8000]
    assert len(murfey.dead) == 1
    assert spa.densities.hold_refine


@pytest.mark.parametrize(
    ("register", "keys"),
    [
        ("no_such_thing", {}),
        ("done_3d_batch", {"do_refinement": False}),
        ("done_bfactor", {"number_of_particles": 2000, "resolution": 4.0, "refined_class_uuid": 1}),
        ("incomplete_particles_file", {}),
        ("picked_particles", {"motion_correction_id": 12345}),
        ("save_class_selection_score", {"class_selection_score": float("nan")}),
        ("done_incomplete_2d_batch", {"program_id": 1}),
    ],
)
def test_what_murfey_cannot_use_is_a_dead_letter(murfey, register, keys):
    assert said(murfey.spa(), register, **keys) == []
    assert len(murfey.dead) == 1


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"{}", b'{"register": "motion_corrected"}'])
def test_what_is_no_message_is_a_dead_letter(murfey, body):
    assert murfey.feedback(body) == []
    assert len(murfey.dead) == 1


def test_what_is_said_twice_is_not_harmless(murfey):
    spa = murfey.spa(particle_diameter=187.0, class_selection_score=0.5)
    folders = [said(spa, "complete_particles_file", **batch(SPLITS[0]))[0]["parameters"]["class2d_dir"] for _ in "ab"]
    assert len(set(folders)) == 2
    spa.densities.hold_refine = True
    asked = {"refined_grp_uuid": 1, "refined_class_uuid": 2}
    assert len(refined(spa, 3000, asked)) == 1
    assert refined(spa, 3000, asked) == []
    assert "duplicate key" in murfey.dead[0].reason


def test_a_message_without_headers_kills_the_consumer(murfey):
    with pytest.raises(ConsumerDiedError):
        murfey.deliver(b'{"register": "done_class_selection"}', None)
    assert murfey.deliver(b'{"register": "done_class_selection"}', {}) == []


def test_a_message_of_a_recipe_of_the_old_services_is_understood(murfey):
    spa = murfey.spa(hold_class2d=True)
    own = {"program_id": str(spa.programs["em-spa-class2d"]), "session_id": "7"}
    payload = {"register": "done_incomplete_2d_batch", "job_dir": "job010"}
    wrapped = {"environment": {}, "recipe": {"3": {"parameters": own}}, "recipe-pointer": 3, "payload": payload}
    murfey.feedback(wrapped)
    assert murfey.dead == []
    assert not spa.hold_class2d


TILTS = [
    f"Position_1_{number:03}_{angle}_20260101_1200{number:02}_fractions.tiff"
    for number, angle in enumerate((0.0, 3.0, -3.0, -6.0, 6.0), start=1)
]


def corrected(group, request: dict) -> list[dict]:
    asked = request["parameters"]
    message = {"movie": asked["movie"], "mrc_out": asked["mrc_out"], "program_id": asked["autoproc_program_id"]}
    return group.murfey.feedback({"register": "motion_corrected", **message})


def test_a_series_is_aligned_when_all_its_tilts_are_corrected(murfey):
    group = murfey.tomography()
    assert [group.tilt(name) for name in TILTS] == [[]] * 5
    requests = group.mdoc("Position_1", 5)
    assert len(requests) == 5
    assert all(is_as_captured("em-tomo-preprocess.flushed", request) for request in requests)
    assert {request["parameters"]["fm_int_file"] for request in requests} == {""}
    assert [corrected(group, request) for request in requests[:-1]] == [[]] * 4
    assert corrected(group, requests[0]) == []
    (align,) = corrected(group, requests[-1])
    assert is_as_captured("em-tomo-align.via_feedback", align)
    asked = align["parameters"]
    assert asked["input_file_list"].startswith("[['/data/2026/cm12345-1/processed/raw2/MotionCorr/job002/Movies/Pos")
    assert asked["manual_tilt_offset"] == 0
    assert asked["stack_file"] == (
        "/data/2026/cm12345-1/processed/raw2/Tomograms/job006/tomograms/Position_1_stack.mrc"
    )
    assert corrected(group, requests[0]) == []
    assert group.tilt(TILTS[0]) == []

    # A late tilt opens the series; its next mdoc file has it aligned again.
    (late,) = group.late_tilt("Position_1_006_9.0_20260101_120006_fractions.tiff")
    assert late["parameters"]["fm_int_file"] is None
    assert corrected(group, late) == []
    (again,) = group.mdoc("Position_1", 6)
    assert (again["parameters"]["appid"], again["parameters"]["manual_tilt_offset"]) == (asked["appid"], -3)
    assert "9.0" in again["parameters"]["input_file_list"]
    assert murfey.dead == []


def test_a_tilt_that_is_never_answered_for_holds_its_series_for_ever(murfey):
    group = murfey.tomography()
    for name in TILTS:
        group.tilt(name)
    requests = group.mdoc("Position_1", 5)
    for request in requests[1:]:
        corrected(group, request)
    assert group.completed("Position_1", 5) == []
    assert len(corrected(group, requests[0])) == 1
