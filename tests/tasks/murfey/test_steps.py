import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import InputError
from tasks.murfey import (
    SpaBFactor,
    SpaClass2D,
    SpaClass3D,
    SpaExtract,
    SpaPreprocess,
    SpaRefine,
    StepRequest,
    TomoAlign,
    TomoPreprocess,
    is_step,
    parse,
    project_of,
)

PROJECT = "/data/cm12345-1/processed/raw7"
MICROGRAPH = f"{PROJECT}/MotionCorr/job002/Movies/a_motion_corrected.mrc"
MOTION = {
    "movie": "/data/cm12345-1/raw7/a.tiff",
    "mrc_out": MICROGRAPH,
    "experiment_type": "spa",
    "pixel_size": "0.9",
    "dose_per_frame": "1.2",
    "voltage": "200",
    "motion_corr_binning": "2",
    "mc_uuid": 4,
    "picker_uuid": 5,
    "relion_options": {},
    "patch_sizes": {"x": 5, "y": 5},
}
CTF = {
    "experiment_type": "tomography",
    "input_image": MICROGRAPH,
    "output_image": f"{PROJECT}/CtfFind/job003/Movies/a_motion_corrected.ctf",
    "pixel_size": 0.9,
    "voltage": 300,
    "mc_uuid": 4,
    "picker_uuid": -1,
    "relion_options": {},
}


def asked(step, parameters):
    return parse(json.dumps({"step": step, "parameters": parameters})).request


@pytest.mark.parametrize("name", ["motion_correction", "motioncorr"])
def test_motion_correction(name):
    request = asked(name, MOTION)
    assert isinstance(request, SpaPreprocess)
    assert (request.fm_dose, request.kv, request.ft_bin, request.mc_uuid) == (1.2, 200, 2, 4)
    assert isinstance(asked(name, MOTION | {"experiment_type": "tomography"}), TomoPreprocess)


@pytest.mark.parametrize("name", ["ctf_estimation", "ctffind"])
def test_the_ctf_of_a_micrograph(name):
    request = asked(name, CTF)
    assert isinstance(request, TomoPreprocess)
    assert (request.key, request.fm_dose, request.gain_ref) == (MICROGRAPH, 0, None)
    # A micrograph must never be written where the one that we read is.
    assert request.mrc_out.suffix == ".mrc"
    assert request.mrc_out != request.movie
    assert str(project_of(request.path)) == PROJECT


@pytest.mark.parametrize("name", ["particle_picking", "cryolo", "topaz"])
def test_the_particles_of_a_micrograph(name):
    star = f"{PROJECT}/AutoPick/job007/STAR/a_motion_corrected.star"
    request = asked(name, {"input_path": MICROGRAPH, "output_path": star, "pixel_size": 0.9, "particle_diameter": 150})
    assert isinstance(request, SpaPreprocess)
    assert (request.key, request.particle_diameter) == (MICROGRAPH, 150)
    assert str(request.mrc_out) == star.replace(".star", ".mrc")


def test_extraction():
    given = {"micrographs_file": MICROGRAPH, "coord_list_file": "/a.star", "output_file": "/b.star", "pixel_size": 1}
    request = asked("extract", given | {"voltage": 300, "particle_diameter": 0})
    assert isinstance(request, SpaExtract)
    assert (request.kv, request.particle_diameter) == (300, None)


@pytest.mark.parametrize(
    ("step", "wanted", "parameters"),
    [
        ("class2d", SpaClass2D, {"class2d_dir": f"{PROJECT}/Class2D/job010", "batch_is_complete": "False"}),
        ("class3d", SpaClass3D, {"class3d_dir": f"{PROJECT}/Class3D/job021", "symmetry": "C3"}),
    ],
)
def test_classification(step, wanted, parameters):
    numbers = {f"{step}_nr_iter": 7, f"{step}_nr_classes": 9, "class_uuids": "{'1': 21, '2': 22}"}
    request = asked(step, {"particles_file": f"{PROJECT}/Select/job009/a.star", **parameters, **numbers})
    assert isinstance(request, wanted)
    assert (request.nr_iter, request.nr_classes, request.class_uuids) == (7, 9, (21, 22))


def test_a_refinement():
    places = {"refine_job_dir": f"{PROJECT}/Refine3D/job024", "class3d_dir": f"{PROJECT}/Class3D/job021"}
    request = asked("extract_class", {**places, "refine_class_nr": 2, "original_pixel_size": 0.9})
    assert isinstance(request, SpaRefine)
    assert (request.class_number, request.pixel_size) == (2, 0.9)


def test_a_number_of_particles_for_the_b_factor():
    given = {"rescaled_class_reference": "/r.mrc", "mask": "/m.mrc", "class_number": 1, "pixel_size": 2}
    folder = {"bfactor_directory": f"{PROJECT}/BFactors/bfactor_2000"}
    request = asked("b_factor", {**given, **folder, "number_of_particles": 2000, "batch_size": 9000})
    assert isinstance(request, SpaBFactor)
    assert str(request.class_reference) == "/r.mrc"


def test_the_alignment_of_a_tilt_series():
    stack = f"{PROJECT}/Tomograms/job006/tomograms/a_stack.mrc"
    request = asked("tomo_align", {"input_file_list": "[['/a.mrc', '0']]", "stack_file": stack, "pixel_size": 2})
    assert isinstance(request, TomoAlign)
    assert request.key == stack


def test_a_queue_of_one_step_may_have_nothing_but_parameters():
    wanted = asked("motioncorr", MOTION)
    assert parse(json.dumps(MOTION), step="motioncorr").request == wanted
    assert parse({"parameters": MOTION}, step="motioncorr").request == wanted


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"step": "denoise", "parameters": {}}, "message: step: 'denoise'; expected one of motion_correction, ctf_"),
        ({"step": 5, "parameters": {}}, "expected the name of a recipe or step"),
        ({"step": "motioncorr"}, "parameters: missing; expected an object of parameters"),
        ({"step": "motioncorr", "parameters": {}}, "motioncorr: experiment_type: missing; expected spa or tomography"),
        ({"step": "motioncorr", "parameters": {"experiment_type": []}}, r"experiment_type: \[\]; expected spa or"),
        ({"step": "ctffind", "parameters": CTF | {"pixel_size": "x"}}, "ctffind: pixel_size: 'x'; expected a number"),
        (
            {"step": "ctffind", "parameters": CTF | {"input_image": ""}},
            "ctffind: input_image: ''; expected an absolute",
        ),
        (
            {"step": "ctffind", "parameters": CTF | {"output_image": MICROGRAPH}},
            "output_image: .* another path than that",
        ),
        ({"step": "cryolo", "parameters": {}}, "cryolo: input_path: missing; expected The movie"),
    ],
)
def test_what_is_no_step_is_refused(body, reason):
    with pytest.raises(InputError, match=reason):
        parse(body)


@settings(deadline=None)
@given(st.sampled_from(["motioncorr", "ctffind", "cryolo"]), st.data())
def test_whatever_comes_is_read_or_refused(step, data):
    given_keys = st.sampled_from([*CTF, *MOTION, "input_path", "output_path"])
    values = st.none() | st.integers() | st.floats() | st.sampled_from(["", "/", ".", "..", "/a/..", "/a/b", [], {}])
    parameters = MOTION | CTF | {"input_path": MICROGRAPH} | data.draw(st.dictionaries(given_keys, values, max_size=3))
    try:
        parsed = parse(json.dumps({"step": step, "parameters": parameters}))
    except InputError as error:
        refused = str(error)
        assert refused.startswith(f"{step}: ")
    else:
        assert parsed.request is not None


def test_steps_are_known_by_both_names():
    assert all(map(is_step, ["motion_correction", "motioncorr", "tomo_align", "tilt_series_alignment"]))
    assert not is_step("em-spa-preprocess")


def test_a_step_is_a_value():
    assert StepRequest(step="motioncorr", parameters=MOTION).asked() == asked("motion_correction", MOTION)
