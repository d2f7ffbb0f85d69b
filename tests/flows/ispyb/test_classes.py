"""Rows of classes, of densities and of refinements."""

import pytest
from ispyb_found import (
    batch,
    class2d_request,
    class3d_request,
    densities,
    density,
    fit_message,
    refine_request,
)

from flows.ispyb.batches import rows_of_batch
from flows.ispyb.densities import rows_of_density
from flows.ispyb.refinements import rows_of_bfactor_message, rows_of_refinement
from tasks.ispyb import Row
from tasks.models.resolution import BFactorFit, ResolutionPoint


def of_table(rows: list[Row], table: str) -> list[Row]:
    return [row for row in rows if row.table == table]


def test_classes_have_murfeys_numbers_in_the_order_in_which_it_gives_them():
    rows = rows_of_batch([class2d_request(class_uuids={"7": 211, "9": 212})], batch())
    assert [row.uuid for row in of_table(rows, "ParticleClassification")] == [211, 212]


def test_a_batch_that_murfey_numbers_anew_is_known_by_all_its_numbers():
    later = class2d_request(class_uuids={"1": 221, "2": 222}, class2d_grp_uuid=202)
    rows = rows_of_batch([class2d_request(), class2d_request(seed=4), later], batch())
    groups, classes = (of_table(rows, table) for table in ("ParticleClassificationGroup", "ParticleClassification"))
    assert [row.uuid for row in groups] == [202, 201]
    assert [row.uuid for row in classes] == [221, 222, 211, 212]
    assert all(row.key == groups[0].key for row in groups)
    assert [row.key["classNumber"] for row in classes] == [1, 2, 1, 2]
    assert len({row.name for row in rows}) == len(rows)


def test_before_classes_are_chosen_nothing_is_said_of_that():
    rows = rows_of_batch([class2d_request()], batch().model_copy(update={"selected": None}))
    assert [row.values["selected"] for row in of_table(rows, "ParticleClassification")] == [None, None]


def test_a_class_without_resolution_is_the_worst():
    found = batch()
    empty = found.classes.classes[0].model_copy(update={"resolution": None, "completeness": None})
    classes = found.classes.model_copy(update={"classes": (empty, found.classes.classes[1])})
    rows = rows_of_batch([class2d_request()], found.model_copy(update={"classes": classes}))
    values = of_table(rows, "ParticleClassification")[0].values
    assert (values["estimatedResolution"], values["overallFourierCompleteness"]) == (0.0, 0.0)


def test_the_class_that_is_refined_is_selected():
    rows = rows_of_density([class3d_request()], densities().model_copy(update={"goes_on": True}))
    assert [row.values["selected"] for row in of_table(rows, "ParticleClassification")] == [False, True]


def test_later_densities_have_no_first_one():
    rows = rows_of_density([class3d_request()], densities().model_copy(update={"first": None}))
    assert {row.table for row in rows} == {"ParticleClassificationGroup", "ParticleClassification"}


@pytest.mark.parametrize(("symmetry", "numbers"), [("C1", [401, 402]), ("D2", [403, 404, 401, 402])])
def test_a_refinement_has_the_numbers_of_its_symmetry_first(symmetry, numbers):
    rows = rows_of_refinement([refine_request()], density(symmetry))
    assert [row.uuid for row in rows if row.uuid] == numbers
    assert {row.key["symmetry"] for row in of_table(rows, "ParticleClassificationGroup")} == {symmetry}


def test_a_refined_density_tells_the_resolution_within_the_mask():
    rows = rows_of_refinement([refine_request()], density())
    (found,) = of_table(rows, "ParticleClassification")
    assert found.values["estimatedResolution"] == 3.4
    assert found.values["selected"] is True


def test_resolutions_are_told_by_the_number_of_particles():
    parts = tuple(ResolutionPoint(particles=count, resolution=20000 / count) for count in (4000, 2000))
    rows = rows_of_refinement([refine_request()], density().model_copy(update={"parts": parts}))
    points = [(row.key["numberOfParticles"], row.values["resolution"]) for row in of_table(rows, "BFactorFit")]
    assert points == [(2000, 10.0), (4000, 5.0), (25000, 3.4)]
    assert {row.values["particleBatchSize"] for row in of_table(rows, "BFactorFit")} == {25000}


def test_our_line_through_the_resolutions_is_told_where_nobody_else_fits_one():
    point = ResolutionPoint(particles=2000, resolution=5)
    fit = BFactorFit(points=(point,), slope=0.03, intercept=0.12, b_factor=66, confidence=None, program="fit 1.0")
    found = density().model_copy(update={"b_factor": fit, "parts": (point,), "sizes": (2000,)})
    ours, murfeys = (
        of_table(rows, "ParticleClassification")[0].values
        for rows in (
            rows_of_refinement([refine_request()], found),
            rows_of_bfactor_message(fit_message(), [refine_request()], found),
        )
    )
    assert (ours["bFactorFitIntercept"], ours["bFactorFitLinear"]) == (0.12, 0.03)
    assert (murfeys["bFactorFitIntercept"], murfeys["bFactorFitLinear"]) == (0.11, 0.02)
    awaited = refine_request(feedback_queue="murfey_feedback", session_id=3)
    rows = rows_of_refinement([awaited], found)
    assert "bFactorFitLinear" not in of_table(rows, "ParticleClassification")[0].values


LINE = ("bFactorFitIntercept", "bFactorFitLinear")


@pytest.mark.parametrize("sizes", [(), (2000, 4000)])
def test_a_line_through_what_murfey_was_told_for_want_of_a_resolution_is_passed_over_for_ours(sizes):
    point = ResolutionPoint(particles=2000, resolution=5)
    fit = BFactorFit(points=(point,), slope=0.03, intercept=0.12, b_factor=66, confidence=None, program="fit 1.0")
    found = density().model_copy(update={"b_factor": fit, "parts": (point,), "sizes": sizes})
    awaited = refine_request(feedback_queue="murfey_feedback", session_id=3)
    for rows in (rows_of_bfactor_message(fit_message(), [awaited], found), rows_of_refinement([awaited], found)):
        values = of_table(rows, "ParticleClassification")[0].values
        assert tuple(values[column] for column in LINE) == (0.12, 0.03)


def test_no_line_is_told_if_there_is_none_of_meaning():
    found = density().model_copy(update={"sizes": (2000,)})
    rows = rows_of_bfactor_message(fit_message(), [refine_request()], found)
    assert not set(LINE) & set(of_table(rows, "ParticleClassification")[0].values)


def test_requests_without_a_program_have_no_rows():
    assert rows_of_batch([class2d_request(autoproc_program_id=None)], batch()) == []
    assert rows_of_density([class3d_request(autoproc_program_id=None)], densities()) == []
    assert rows_of_refinement([refine_request(autoproc_program_id=None)], density()) == []
