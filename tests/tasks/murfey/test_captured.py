"""Messages with the keys, types and order of those that Murfey 0.27.5 sends."""

import json
from pathlib import Path

import pytest

from tasks.murfey import (
    SpaBFactor,
    SpaClass2D,
    SpaClass3D,
    SpaExtract,
    SpaPreprocess,
    SpaRefine,
    TomoAlign,
    TomoPreprocess,
    parse,
    parse_connector,
    project_of,
    session_name,
)
from tasks.murfey.recipes import RECIPES

DATA = Path(__file__).parents[2] / "data" / "murfey"
VISIT = Path("/facility/krios2/2025/nt54321-3")
PROJECT = VISIT / "processed" / "raw11"
SERIES = VISIT / "processed" / "raw4"
FILES = sorted(path.name for path in DATA.glob("em-*.json"))


def captured(name):
    return json.loads((DATA / name).read_text())


def requests(name):
    return [parse(json.dumps(body)).request for body in captured(name)]


def request(name):
    return requests(name)[0]


@pytest.mark.parametrize("name", FILES)
def test_each_becomes_the_request_of_its_recipe(name):
    recipe = name.split(".")[0]
    for body in captured(name):
        parsed = parse(json.dumps(body).encode())
        assert parsed.recipe == recipe
        assert type(parsed.request) is RECIPES.get(recipe, type(None))
        assert json.loads(parsed.text) == body


@pytest.mark.parametrize("name", [name for name in FILES if name.split(".")[0] in RECIPES])
def test_each_keeps_its_values(name):
    same = {"input_file_list", "fm_int_file", "mask_diameter", "particle_diameter", "class_uuids", "path_pattern"}
    for body in captured(name):
        asked = parse(body).request
        for key, value in body["parameters"].items():
            if key in same | {"node_creator_queue"}:
                continue
            kept = asked.autoproc_program_id if key == "appid" else getattr(asked, key)
            assert (str(kept) if isinstance(kept, Path) else kept) == (float(value) if key == "pixel_size" else value)


@pytest.mark.parametrize("name", [name for name in FILES if name.split(".")[0] in RECIPES])
def test_each_can_be_written_and_read_again(name):
    for asked in requests(name):
        assert type(asked).model_validate(asked.model_dump()) == asked


@pytest.mark.parametrize("name", [name for name in FILES if name.split(".")[0] in RECIPES])
def test_each_leads_to_its_session(name):
    names = {session_name(project_of(asked.path)) for asked in requests(name)}
    assert names == {"nt54321-3-raw4" if "tomo" in name else "nt54321-3-raw11"}


def test_a_movie_of_single_particles():
    direct, (flushed, _) = request("em-spa-preprocess.direct.json"), requests("em-spa-preprocess.flushed.json")
    assert isinstance(direct, SpaPreprocess)
    assert direct.kind == "movie"
    assert direct.key == str(direct.movie) == direct.movie_as_written
    assert direct.particle_diameter is None
    assert direct.fm_int_file is None
    # What was stashed meanwhile has the text "None" there.
    assert flushed.fm_int_file is None


def test_a_movie_that_is_announced_again_is_the_same_work():
    first, again = request("em-spa-preprocess.direct.json"), request("em-spa-preprocess.duplicate_movie.json")
    assert again.key == first.key
    assert again.mc_uuid != first.mc_uuid


def test_a_tilt():
    direct, flushed = request("em-tomo-preprocess.direct.json"), request("em-tomo-preprocess.flushed.json")
    assert isinstance(direct, TomoPreprocess)
    assert direct.kind == "tilt_movie"
    assert direct.key == str(direct.movie)
    assert direct.frame_count == 8
    assert direct.fm_int_file is flushed.fm_int_file is None


def test_a_series():
    series = request("em-tomo-align.via_feedback.json")
    assert isinstance(series, TomoAlign)
    assert series.kind == "tilt_series"
    assert series.key == str(SERIES / "Tomograms/job006/tomograms" / f"{series.series}_stack.mrc")
    assert series.series == "Position_11"
    assert [tilt.angle for tilt in series.tilts] == [-6, -3, 0, 3, 6]
    assert series.tilts[0].path.name == "Position_11_004_-6.0_20250914_170003_fractions_motion_corrected.mrc"
    assert series.replaced == ()
    assert (series.search_map_id, series.x_location, series.y_location) == (None, None, None)
    assert series.feedback_queue is None


def test_a_series_with_a_late_tilt_is_the_same_with_more_tilts():
    first, again = (
        request("em-tomo-align.via_completed_tilt_series.json"),
        request("em-tomo-align.rerun_after_late_tilt.json"),
    )
    assert again.key == first.key
    assert [tilt.angle for tilt in again.tilts] == [-6, -3, 0, 3, 6, 9]
    assert again.manual_tilt_offset == -3


def test_extraction():
    asked = request("em-spa-extract.single.json")
    assert isinstance(asked, SpaExtract)
    assert asked.kind == "extraction"
    assert asked.key == str(asked.micrographs_file)
    assert asked.particle_diameter == 142
    assert len({each.key for each in requests("em-spa-extract.burst.json")}) > 1


def test_classes_in_the_order_of_their_numbers_from_0_or_from_1():
    from_0, from_1 = request("em-spa-class2d.incomplete.json"), request("em-spa-class2d.complete.json")
    assert isinstance(from_0, SpaClass2D)
    assert from_0.class_uuids == tuple(range(4045, 4095))
    assert from_1.class_uuids == tuple(range(4146, 4196))


def test_a_batch_in_2d():
    incomplete, again = request("em-spa-class2d.incomplete.json"), request("em-spa-class2d.rerun_incomplete.json")
    first = request("em-spa-class2d.first_complete.json")
    assert incomplete.kind == "particle_batch"
    assert incomplete.key == again.key != first.key
    assert [each.mask_diameter for each in (incomplete, again, first)] == [None, 190, 190]
    assert [each.combine_star_job_number for each in (incomplete, again, first)] == [-1, 0, 13]
    assert [each.autoselect_min_score for each in (incomplete, again, first)] == [None, 0, 0]
    assert request("em-spa-class2d.complete.json").autoselect_min_score == 0.47


def test_classes_in_3d():
    first, later = request("em-spa-class3d.first.json"), request("em-spa-class3d.later.json")
    assert isinstance(first, SpaClass3D)
    assert first.kind == "classification_3d"
    assert first.key != later.key
    assert first.class_uuids == later.class_uuids == (4198, 4199, 4200, 4201)
    assert (first.do_initial_model, first.initial_model_file) == (True, None)
    assert later.initial_model_file == PROJECT / "InitialModel/job015/initial_model.mrc"
    assert first.symmetry == "D2"


def test_a_refinement():
    first, held = request("em-spa-refine.first.json"), request("em-spa-refine.held.json")
    assert isinstance(first, SpaRefine)
    assert first.kind == "refinement"
    assert first.key != held.key
    assert held.class_number == 4


def test_numbers_of_particles_for_the_b_factor():
    asked = requests("em-spa-bfactor.json")
    assert all(isinstance(each, SpaBFactor) and each.kind == "b_factor" for each in asked)
    assert [each.number_of_particles for each in asked] == [2000, 4000, 8000]
    assert len({each.key for each in asked}) == 3
    # An answer of ours in which it was text.
    assert asked[0].pixel_size == 3.1


def test_what_is_not_ours_has_no_request():
    parsed = parse(captured("em-tomo-class2d.json")[0])
    assert (parsed.recipe, parsed.request) == ("em-tomo-class2d", None)


def test_the_fit_of_a_b_factor():
    (body,) = captured("ispyb_connector.bfactor_fit.json")
    fit = parse_connector(json.dumps(body))
    assert fit is not None
    assert (fit.program_id, fit.particle_classification_id) == (6986698, 4203)
    assert fit.bfactor_fit_intercept == pytest.approx(-0.20471933)
    assert fit.bfactor_fit_linear == pytest.approx(0.02731045)
