import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.murfey.feedback import (
    Class2DMessage,
    Class3DMessage,
    CompleteParticlesFile,
    CtfValues,
    Done3DBatch,
    DoneBFactor,
    DoneClassSelection,
    DoneIncomplete2DBatch,
    DoneParticleSelection,
    DoneRefinement,
    ExtractionParameters,
    IncompleteParticlesFile,
    MotionCorrected,
    PickedParticles,
    RunClass3D,
    SaveClassSelectionScore,
    SaveInitialModel,
    sampled,
)
from tasks.murfey.feedback.batches import SMALLEST_SCORE
from tasks.murfey.feedback.micrographs import MOST_DIAMETERS

PROJECT = "/data/cm12345-1/processed/raw7"
IDS = {"program_id": 11, "session_id": 2}
CTF = CtfValues(
    ctf_image=f"{PROJECT}/a.jpeg",
    max_resolution=3.9,
    figure_of_merit=0.12,
    defocus_u=15060,
    defocus_v=14940,
    defocus_angle=33,
)
EXTRACTION = ExtractionParameters(
    micrographs_file=f"{PROJECT}/a.mrc", coord_list_file="/a.star", extract_file="/e.star", ctf_values=CTF
)
OF_2D = Class2DMessage(particles_file="/p/split1.star", class2d_dir=f"{PROJECT}/Class2D/job", batch_size=50000)
OF_3D = Class3DMessage(particles_file="/p/batch.star", class3d_dir=f"{PROJECT}/Class3D/job", batch_size=50000)
REFINED = {
    "symmetry": "C1",
    "project_dir": PROJECT,
    "number_of_particles": 9000,
    "resolution": 3.2,
    "refined_grp_uuid": 202,
    "refined_class_uuid": 203,
    "class_reference": "/r.mrc",
    "class_number": 2,
    "mask_file": "/m.mrc",
    "pixel_size": 2.4,
}
BEST = {"refine_dir": f"{PROJECT}/Refine3D/job", "class3d_dir": f"{PROJECT}/Class3D/job021", "best_class": 2}


def picked(**other):
    given = {"motion_correction_id": 40, "micrograph": f"{PROJECT}/a.mrc", "particle_diameters": (150.0, 151.5)}
    return PickedParticles(**IDS, **{**given, "extraction_parameters": EXTRACTION, "particle_count": 2, **other})


ALL = [
    MotionCorrected(program_id=11, movie="/raw7/a.tiff", mrc_out="/a.mrc"),
    picked(resolution=3.9, astigmatism=120, defocus=15000),
    IncompleteParticlesFile(**IDS, class2d_message=OF_2D, occasion="10000"),
    CompleteParticlesFile(**IDS, class2d_message=OF_2D),
    DoneIncomplete2DBatch(**IDS, job_dir=f"{PROJECT}/Class2D/job010"),
    SaveClassSelectionScore(**IDS, class_selection_score=0.5),
    DoneParticleSelection(**IDS),
    DoneClassSelection(**IDS),
    RunClass3D(**IDS, class3d_message=OF_3D),
    SaveInitialModel(**IDS, initial_model="/i.mrc"),
    Done3DBatch(**IDS, do_refinement=True, **BEST),
    Done3DBatch(**IDS, do_refinement=False, occasion="50000"),
    DoneRefinement(**IDS, **REFINED),
    DoneBFactor(**IDS, number_of_particles=2000, resolution=5, refined_class_uuid=203),
]


def scalars(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if inner is None else [each for item in inner for each in scalars(item)]


@pytest.mark.parametrize("feedback", ALL, ids=lambda feedback: feedback.register)
def test_a_message_is_plain_json_that_murfey_takes_as_it_is(feedback):
    body = feedback.body()
    assert json.loads(json.dumps(body, allow_nan=False)) == body
    assert body["register"] == feedback.register
    assert "environment" not in body
    assert "occasion" not in body
    assert "most_diameters" not in body
    assert all(type(value) in {str, int, float, bool} for value in scalars(body))
    assert type(body["program_id"]) is int


def test_each_event_has_its_own_key():
    assert len({feedback.event for feedback in ALL}) == len(ALL)
    assert all(feedback.event.startswith(f"{feedback.register} 11") for feedback in ALL)


def test_the_key_of_an_event_is_that_of_the_event_not_of_what_was_found():
    assert picked(particle_count=7, particle_diameters=(3.0,)).event == picked().event
    assert picked(motion_correction_id=42).event != picked().event
    first, again = (DoneIncomplete2DBatch(**IDS, job_dir="/Class2D/job010", occasion=each) for each in ("1", "2"))
    assert first.body() == again.body()
    assert first.event != again.event


def test_a_tilt():
    written = "/raw7//a [1].tiff"
    body = MotionCorrected(program_id=11, movie=written, mrc_out="/a.mrc").body()
    assert body == {"register": "motion_corrected", "program_id": 11, "movie": written, "mrc_out": "/a.mrc"}


def test_picked_particles():
    assert picked().body() == {
        "register": "picked_particles",
        "program_id": 11,
        "session_id": 2,
        "motion_correction_id": 40,
        "micrograph": f"{PROJECT}/a.mrc",
        "particle_diameters": [150.0, 151.5],
        "particle_count": 2,
        "extraction_parameters": {
            "micrographs_file": f"{PROJECT}/a.mrc",
            "coord_list_file": "/a.star",
            "extract_file": "/e.star",
            "ctf_values": {
                "CtfImage": f"{PROJECT}/a.jpeg",
                "CtfMaxResolution": 3.9,
                "CtfFigureOfMerit": 0.12,
                "DefocusU": 15060.0,
                "DefocusV": 14940.0,
                "DefocusAngle": 33.0,
            },
        },
    }


def test_a_micrograph_without_particles_is_told_of_too():
    assert picked(particle_diameters=(), particle_count=0).body()["particle_diameters"] == []


@pytest.mark.parametrize("kind", [IncompleteParticlesFile, CompleteParticlesFile])
def test_a_file_of_particles(kind):
    assert kind(**IDS, class2d_message=OF_2D).body() == {
        "register": kind.register,
        **IDS,
        "class2d_message": {
            "particles_file": "/p/split1.star",
            "class2d_dir": f"{PROJECT}/Class2D/job",
            "batch_size": 50000,
        },
    }


def test_particles_for_a_classification_in_3d():
    assert RunClass3D(**IDS, class3d_message=OF_3D).body()["class3d_message"] == {
        "particles_file": "/p/batch.star",
        "class3d_dir": f"{PROJECT}/Class3D/job",
        "batch_size": 50000,
    }


def test_a_classification_in_3d_names_a_class_only_for_a_refinement():
    assert Done3DBatch(**IDS, do_refinement=False).body() == {
        "register": "done_3d_batch",
        **IDS,
        "do_refinement": False,
    }
    assert Done3DBatch(**IDS, do_refinement=True, **BEST).body() == {
        "register": "done_3d_batch",
        **IDS,
        "do_refinement": True,
        **BEST,
    }


@pytest.mark.parametrize("missing", BEST)
def test_a_refinement_of_no_class_is_refused(missing):
    with pytest.raises(ValidationError, match="needed for a refinement"):
        Done3DBatch(**IDS, do_refinement=True, **{key: value for key, value in BEST.items() if key != missing})


def test_a_refined_density():
    assert DoneRefinement(**IDS, **REFINED).body() == {"register": "done_refinement", **IDS, **REFINED}


@pytest.mark.parametrize("score", [0, 0.0, -0.2, None, float("nan")])
def test_a_score_that_murfey_would_wait_on_is_replaced_by_one_that_releases_it(score):
    body = SaveClassSelectionScore(**IDS, class_selection_score=score).body()
    assert body["class_selection_score"] == SMALLEST_SCORE > 0


@pytest.mark.parametrize("resolution", [0, -1, None, float("nan"), float("inf")])
def test_a_resolution_that_murfey_would_wait_on_is_refused(resolution):
    with pytest.raises(ValidationError, match="a number above 0"):
        DoneBFactor(**IDS, number_of_particles=2000, resolution=resolution, refined_class_uuid=203)


def test_numbers_of_numpy_become_plain_ones():
    numbers = {"number_of_particles": np.int64(2000), "resolution": np.float32(5), "refined_class_uuid": np.int32(203)}
    plain = {"number_of_particles": 2000, "resolution": 5.0, "refined_class_uuid": 203}
    assert json.loads(json.dumps(DoneBFactor(**IDS, **numbers).body())) == {"register": "done_bfactor", **IDS, **plain}


@pytest.mark.parametrize("program", [None, "", "{autoproc_program_id}", 0, 1.5, True])
def test_a_message_without_its_program_is_refused(program):
    with pytest.raises(ValidationError, match="an identifier"):
        MotionCorrected(program_id=program, movie="/a.tiff", mrc_out="/a.mrc")


@pytest.mark.parametrize("diameter", [0, -1, float("nan"), float("inf"), None])
def test_a_diameter_that_is_none_is_refused(diameter):
    with pytest.raises(ValidationError, match="a number above 0"):
        picked(particle_diameters=(150.0, diameter))


@settings(deadline=None)
@given(st.lists(st.floats(1, 1000), max_size=700), st.integers(1, 200))
def test_a_sample_is_part_of_the_whole_and_always_the_same(diameters, most):
    found = sampled(tuple(diameters), most)
    assert len(found) == min(most, len(diameters))
    assert set(found) <= set(diameters)
    assert sorted(found) == sorted(sampled(tuple(reversed(diameters)), most))


def test_a_sample_has_the_quartile_of_the_whole():
    diameters = np.random.default_rng(5).gamma(9, 20, 3000)
    body = picked(particle_diameters=tuple(diameters), particle_count=3000).body()
    assert body["particle_count"] == 3000
    assert len(body["particle_diameters"]) == MOST_DIAMETERS
    assert math.isclose(np.quantile(body["particle_diameters"], 0.75), np.quantile(diameters, 0.75), rel_tol=0.01)


def test_how_many_are_told_can_be_said():
    diameters = tuple(float(size) for size in range(100, 400))
    assert len(picked(most_diameters=7, particle_diameters=diameters).body()["particle_diameters"]) == 7
    assert picked(most_diameters=300, particle_diameters=diameters).particle_diameters == diameters
