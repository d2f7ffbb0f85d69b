import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import InputError
from tasks.murfey import SpaClass2D, SpaPreprocess, TomoPreprocess, message_for, parse, parse_connector
from tasks.murfey.recipes import RECIPES

VISIT = "/data/2026/cm12345-1"
SPA = {
    "movie": f"{VISIT}/raw7/FoilHole_1_fractions.tiff",
    "mrc_out": f"{VISIT}/processed/raw7/MotionCorr/job002/Movies/FoilHole_1_fractions_motion_corrected.mrc",
    "pixel_size": 0.9,
    "feedback_queue": "murfey_feedback",
    "autoproc_program_id": 11,
    "session_id": 2,
    "mc_uuid": 40,
    "dcid": 7,
}
CLASS2D = {
    "particles_file": f"{VISIT}/processed/raw7/Select/job009/particles_split1.star",
    "class2d_dir": f"{VISIT}/processed/raw7/Class2D/job010",
    "batch_is_complete": False,
    "class_uuids": {"0": 45, "1": 46},
    "feedback_queue": "murfey_feedback",
    "autoproc_program_id": 11,
    "session_id": 2,
}


ALL = (
    SPA
    | CLASS2D
    | {
        "class3d_dir": f"{VISIT}/processed/raw7/Class3D/job021",
        "refine_job_dir": f"{VISIT}/processed/raw7/Refine3D/job024",
        "bfactor_directory": f"{VISIT}/processed/raw7/BFactors/bfactor_2000",
        "stack_file": f"{VISIT}/processed/raw7/Tomograms/job006/tomograms/a_stack.mrc",
        "micrographs_file": SPA["mrc_out"],
        "coord_list_file": f"{VISIT}/processed/raw7/AutoPick/job007/STAR/a.star",
        "output_file": f"{VISIT}/processed/raw7/Extract/job008/Movies/a_extract.star",
        "input_file_list": "[['/a.mrc', '0.0']]",
        "class_reference": "/r.mrc",
        "mask": "/m.mrc",
        "class_number": 1,
        "number_of_particles": 2000,
        "batch_size": 9000,
        "appid": 12,
    }
)


def message(recipe, parameters, **other):
    return {"recipes": [recipe], "parameters": {**parameters, **other}}


def spa(**other):
    return parse(message("em-spa-preprocess", SPA, **other)).request


def test_a_dictionary_with_recipes_and_parameters_is_enough():
    sent = {
        "recipes": ["em-spa-preprocess"],
        "parameters": {key: SPA[key] for key in ("movie", "mrc_out", "pixel_size")},
    }
    asked = parse(json.dumps(sent).encode()).request
    assert isinstance(asked, SpaPreprocess)
    assert asked.pixel_size == 0.9
    assert (asked.feedback_queue, asked.autoproc_program_id, asked.kv, asked.ft_bin) == (None, None, None, 1)


def test_all_parameters_may_be_text():
    text = {key: str(value) for key, value in SPA.items()}
    more = {"kv": "300", "ft_bin": "1", "fm_dose": "1.1", "do_icebreaker_jobs": "False", "particle_diameter": "0.0"}
    nothing = {"foil_hole_id": "None", "gain_ref": "None", "fm_int_file": "None", "microscope": ""}
    asked = spa(**text, **more, **nothing)
    assert (asked.kv, asked.ft_bin, asked.fm_dose, asked.session_id, asked.dcid) == (300, 1, 1.1, 2, 7)
    assert asked.do_icebreaker_jobs is False
    assert asked.particle_diameter is None
    assert asked.foil_hole_id is asked.gain_ref is asked.fm_int_file is asked.microscope is None


@pytest.mark.parametrize("nothing", [None, "", "None", "."])
@pytest.mark.parametrize(
    "key", ["foil_hole_id", "gain_ref", "fm_int_file", "fm_dose", "microscope", "cryolo_model_weights", "kv"]
)
def test_what_may_be_missing_may_be_nothing(key, nothing):
    assert getattr(spa(**{key: nothing}), key) is None


@pytest.mark.parametrize("nothing", [None, "", "None"])
def test_nothing_for_what_has_a_default_is_the_default(nothing):
    assert spa(ft_bin=nothing).ft_bin == 1


@pytest.mark.parametrize("key", ["search_map_id", "x_location", "y_location", "dcid", "appid", "kv", "dose_per_frame"])
def test_what_may_be_missing_of_a_series_may_be_nothing(key):
    series = {
        "input_file_list": "[['/a.mrc', '0.0']]",
        "stack_file": f"{VISIT}/processed/raw2/Tomograms/job006/tomograms/a_stack.mrc",
        "pixel_size": "2.13",
        key: None,
    }
    asked = parse(message("em-tomo-align", series)).request
    assert getattr(asked, "autoproc_program_id" if key == "appid" else key) is None


def test_a_first_batch_has_no_least_score_and_no_mask():
    asked = parse(message("em-spa-class2d", CLASS2D, mask_diameter=0, combine_star_job_number=-1)).request
    assert isinstance(asked, SpaClass2D)
    assert (asked.autoselect_min_score, asked.mask_diameter, asked.combine_star_job_number) == (None, None, -1)


@pytest.mark.parametrize("model", [{}, {"initial_model_file": ""}, {"initial_model_file": None}])
def test_a_first_classification_in_3d_has_no_density(model):
    given = CLASS2D | {"class3d_dir": f"{VISIT}/processed/raw7/Class3D/job021"} | model
    assert parse(message("em-spa-class3d", given)).request.initial_model_file is None


def test_unknown_keys_are_not_kept():
    asked = spa(flow_run_id="x", node_creator_queue="node_creator", environment={"ID": 1})
    assert asked == spa()


def test_the_number_of_a_frame_may_be_unknown():
    given = {key: SPA[key] for key in ("movie", "mrc_out", "pixel_size")} | {"frame_count": 0}
    asked = parse(message("em-tomo-preprocess", given)).request
    assert isinstance(asked, TomoPreprocess)
    assert asked.frame_count == 0


def test_a_movie_is_answered_in_exactly_its_characters():
    written = f"{VISIT}/raw7//./FoilHole 1 [2].tiff"
    asked = spa(movie=written)
    assert asked.movie_as_written == written
    assert asked.key == f"{VISIT}/raw7/FoilHole 1 [2].tiff"


@pytest.mark.parametrize("seed", [1, 99])
def test_seeds_and_numbers_of_messages_do_not_change_the_work(seed):
    assert parse(message("em-spa-class2d", CLASS2D, seed=seed, class2d_grp_uuid=seed)).request.key == (
        parse(message("em-spa-class2d", CLASS2D)).request.key
    )


def test_a_gain_reference_may_begin_at_a_folder_of_the_data():
    assert str(spa(gain_ref="2026/cm12345-1/processing/gain.mrc").gain_ref) == f"{VISIT}/processing/gain.mrc"
    assert str(spa(gain_ref=f"{VISIT}/processing/gain.mrc").gain_ref) == f"{VISIT}/processing/gain.mrc"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("movie", "raw7/a.tiff", "an absolute path, without .."),
        ("movie", "", "an absolute path, without .."),
        ("mrc_out", "/data/../etc/MotionCorr/job002/a.mrc", "an absolute path, without .."),
        ("mrc_out", "cm12345-1/MotionCorr/job002/Movies/a.mrc", "an absolute path, without .."),
        ("pixel_size", -0.9, "a number above 0"),
        ("pixel_size", "0", "a number above 0"),
        ("pixel_size", "nan", "a number above 0"),
        ("pixel_size", [0.9], "a number above 0"),
        ("pixel_size", True, "a number above 0"),
        ("pixel_size", None, "a number above 0"),
        ("fm_dose", -1, "a number of at least 0"),
        ("kv", "high", "a number above 0"),
        ("ft_bin", 1.5, "a whole number above 0"),
        ("dcid", "first", "an identifier, a whole number above 0"),
        ("mc_uuid", -1, "an identifier, a whole number above 0"),
        ("particle_diameter", -5, "a number of at least 0"),
        ("do_icebreaker_jobs", "perhaps", "true or false"),
        ("gain_ref", "gain.mrc", "an absolute path, or one that begins with a folder of the movie's path"),
        ("gain_ref", 5, "an absolute path, without .."),
        ("microscope", 5, "text"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(key, value, expected):
    with pytest.raises(InputError) as refused:
        spa(**{key: value})
    assert str(refused.value) == f"em-spa-preprocess: {key}: {value!r}; expected {expected}"


def test_not_a_number_is_refused():
    text = json.dumps(message("em-spa-preprocess", SPA, pixel_size=float("nan")))
    with pytest.raises(InputError, match="em-spa-preprocess: pixel_size: nan; expected a number above 0"):
        parse(text)


def test_a_missing_value_is_refused_by_name():
    given = {key: value for key, value in SPA.items() if key != "mrc_out"}
    with pytest.raises(InputError, match="em-spa-preprocess: mrc_out: missing; expected Where the micrograph"):
        parse(message("em-spa-preprocess", given))


@pytest.mark.parametrize("key", ["autoproc_program_id", "session_id", "mc_uuid"])
def test_who_awaits_answers_must_say_what_they_repeat(key):
    with pytest.raises(InputError, match=f"em-spa-preprocess: {key}: missing; .*murfey_feedback awaits answers"):
        spa(**{key: None})
    assert spa(**{key: None, "feedback_queue": None}) is not None


def test_long_values_are_shown_shortened():
    with pytest.raises(InputError) as refused:
        spa(pixel_size="x" * 10000)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "recipe", ["sxt-aretomo", "clem-process-raw-lifs", "em-tomo-class2d", "em-new", "sim-reconstruction"]
)
@pytest.mark.parametrize("more", [{}, {"parameters": None}, {"parameters": {"pixel_size": float("nan")}}])
def test_recipes_of_others_are_left_to_them(recipe, more):
    body = json.dumps({"recipes": [recipe], **more})
    parsed = parse(body)
    assert (parsed.recipe, parsed.request, parsed.text) == (recipe, None, body)


def test_several_recipes_of_others_are_left_to_them():
    assert parse({"recipes": ["sxt-a", "sxt-b"], "parameters": {}}).request is None


def test_a_recipe_of_ours_stands_alone():
    with pytest.raises(InputError, match=r"message: recipes: .*sxt-a.*; expected nothing beside em-spa-preprocess"):
        parse({"recipes": ["sxt-a", "em-spa-preprocess"], "parameters": SPA})


def test_one_recipe_may_stand_without_a_list():
    assert parse({"recipes": "em-spa-preprocess", "parameters": SPA}).request == spa()


@pytest.mark.parametrize("named", ["our-class2d", "em-spa-class2d-wrapper", "our-wrapped"])
def test_sites_may_name_recipes_otherwise(named):
    aliases = {"our-class2d": "em-spa-class2d", "our-wrapped": "em-spa-class2d-wrapper"}
    parsed = parse(message(named, CLASS2D), aliases)
    assert parsed.recipe == "em-spa-class2d"
    assert isinstance(parsed.request, SpaClass2D)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff", "expected JSON in UTF-8"),
        ("", "expected JSON"),
        ("{", "expected JSON"),
        ("[" * 100000, "expected JSON"),
        ("9" * 5000, "expected JSON"),
        ("[]", "expected a JSON object"),
        ('"em-spa-preprocess"', "expected a JSON object"),
        ("{}", "message: recipes: missing; expected a list with the name of a recipe"),
        ('{"recipes": []}', r"message: recipes: \[\]; expected a list with the name of a recipe"),
        ('{"recipes": {"1": "em-spa-preprocess"}}', "expected a list with the name of a recipe"),
        ('{"recipes": [5]}', "message: 5; expected the name of a recipe"),
        ('{"recipes": ["em-spa-preprocess"]}', "em-spa-preprocess: parameters: missing; expected an object"),
        ('{"recipes": ["em-spa-preprocess"], "parameters": []}', r"parameters: \[\]; expected an object of parameters"),
        ('{"recipes": ["em-spa-preprocess"], "parameters": null}', "parameters: None; expected an object"),
    ],
)
def test_what_is_no_message_is_refused(body, reason):
    with pytest.raises(InputError, match=reason):
        parse(body)


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_nothing_is_looked_for_outside_the_folders_of_a_site(recipe):
    body = message(recipe, ALL)
    assert parse(body, roots=[Path("/other"), Path("/data")]) == parse(body)
    with pytest.raises(InputError, match=f"{VISIT}/processed/raw7/.*; expected one below /other or /data/20"):
        parse(body, roots=[Path("/other"), Path("/data/20")])


def test_text_is_kept_as_it_came():
    text = '{"parameters": {}, \n "recipes": ["sxt-a"]}'
    assert parse(text).text == parse(text.encode()).text == text


def test_a_message_for_a_recipe_or_a_step_is_read_as_such():
    assert parse(message_for("em-spa-preprocess", SPA)).request == spa()
    stepped = message_for("motioncorr", SPA | {"experiment_type": "spa"})
    assert parse(stepped).request == spa()


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_each_recipe_is_read(recipe):
    request = parse(message(recipe, ALL)).request
    assert type(request) is RECIPES[recipe]
    assert request.path.is_relative_to(f"{VISIT}/processed/raw7")


words = st.text("ab/. -0", max_size=8)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.sampled_from(["None", "/a", "{}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["recipes", "parameters", "step", "ispyb_command", "buffer_lookup"]), anything))
def test_any_message_is_read_or_refused(content):
    body = json.dumps(content)
    for read in (parse, parse_connector):
        try:
            read(body)
        except InputError as error:
            refused = str(error)
            assert "expected" in refused


@settings(deadline=None)
@given(st.data())
def test_whatever_comes_is_read_or_refused(data):
    recipe = data.draw(st.sampled_from(sorted(RECIPES)))
    keys = [field.validation_alias or name for name, field in RECIPES[recipe].model_fields.items()]
    parameters = ALL | data.draw(st.dictionaries(st.sampled_from(keys), anything, max_size=4))
    try:
        parsed = parse(json.dumps(message(recipe, parameters)))
    except InputError as error:
        refused = str(error)
        assert refused.startswith(f"{recipe}: ")
    else:
        assert parsed.request is not None
        assert parsed.request.key
