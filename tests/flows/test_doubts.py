from pathlib import Path

import numpy as np
import pytest
from stand_ins.installing import calls, install

from flows.doubts import question_of_ctf, question_of_motion
from flows.doubts_of_series import question_of_alignment
from flows.micrograph_tools import MicrographTools
from flows.records import believed_of, records_of_series, result_in
from flows.second_opinion import consulted
from flows.second_opinions import SecondOpinions
from flows.sessions import TomographySession
from flows.steps import concluded
from flows.tools import TomographyTools
from tasks.ctf_estimation import Ctffind4, EmbeddedCtf
from tasks.formats.mrc import write_mrc
from tasks.models import Alignment, Ctf, ImagedTiltSeries, Micrograph, Motion, Opinion, Optics, TiltImage
from tasks.motion_correction import EmbeddedMotion
from tasks.simulation import SimulatedMovies, SimulatedTiltSeries, simulate_micrograph, simulate_tilt_images
from tasks.tilt_series_alignment import EmbeddedAlignment


def opinion_in(folder: Path, kind: type) -> Opinion:
    (path,) = folder.glob("*.json")
    return Opinion[kind].model_validate(result_in(path).result)


def test_a_ctf_that_was_searched_where_it_is_not_is_found_by_a_second_estimator(tmp_path):
    image, truth = simulate_micrograph(SimulatedMovies(seed=820, shape=(768, 768), pixel_size=1.5))
    write_mrc(tmp_path / "image.mrc", image, 1.5)
    micrograph = Micrograph(path=tmp_path / "image.mrc", pixel_size=1.5)
    beyond = EmbeddedCtf(defocus_range=(truth.defocus.u + 8000, truth.defocus.u + 30000))
    opinions = SecondOpinions(ctf_estimator=EmbeddedCtf(), ctf_resolution=6.0)

    believed = concluded(consulted(question_of_ctf(micrograph, Optics(), beyond, opinions, tmp_path)))
    assert believed.defocus == pytest.approx(truth.defocus.mean, abs=60)
    opinion = opinion_in(tmp_path / "second_opinion_of_ctf_estimation", Ctf)
    assert opinion.won == "second"
    assert opinion.second.agreement > opinion.first.agreement + 10
    assert opinion.why.startswith("Thon rings were fitted to")

    concluded(consulted(question_of_ctf(micrograph, Optics(), EmbeddedCtf(), opinions, tmp_path / "well")))
    assert not (tmp_path / "well/second_opinion").exists()


def test_an_external_program_is_asked_only_about_what_is_in_doubt(tmp_path):
    image, truth = simulate_micrograph(SimulatedMovies(seed=822, shape=(768, 768), pixel_size=1.5))
    write_mrc(tmp_path / "image.mrc", image, 1.5)
    micrograph = Micrograph(path=tmp_path / "image.mrc", pixel_size=1.5)
    program = install("ctffind4", tmp_path / "bin")
    opinions = SecondOpinions(ctf_estimator=Ctffind4(executable=str(program)), ctf_resolution=10.0)
    beyond = EmbeddedCtf(defocus_range=(truth.defocus.u + 8000, truth.defocus.u + 30000))
    for estimator, folder in ((EmbeddedCtf(), "well"), (beyond, "badly")):
        question = question_of_ctf(micrograph, Optics(), estimator, opinions, tmp_path / folder)
        believed = concluded(consulted(question))
        assert believed.defocus == pytest.approx(truth.defocus.mean, abs=150), folder
    assert len(calls(program)) == 1
    opinion = opinion_in(tmp_path / "badly/second_opinion_of_ctf_estimation", Ctf)
    assert (opinion.first.tool, opinion.second.tool, opinion.won) == ("embedded", "ctffind4", "second")
    assert believed.program.startswith("CTFFIND")


def test_two_corrections_of_a_motion_that_jumps_are_judged_by_their_thon_rings(simulated_movies, tmp_path):
    movie = simulated_movies.movies[0].movie
    opinions = SecondOpinions(motion_corrector=EmbeddedMotion(patches=(1, 1)), largest_jump=0.01)
    believed = concluded(consulted(question_of_motion(movie, EmbeddedMotion(), opinions, tmp_path)))
    opinion = opinion_in(tmp_path / "second_opinion_of_motion_correction", Motion)
    assert "more than 0.01 A" in opinion.why
    assert opinion.winner.found == believed
    assert opinion.winner.agreement == max(opinion.first.agreement, opinion.second.agreement)
    assert believed.micrograph.path.exists()


@pytest.fixture(scope="module")
def series(tmp_path_factory) -> ImagedTiltSeries:
    """9 images of -40 to 40 degree."""
    folder = tmp_path_factory.mktemp("series")
    parameters = SimulatedTiltSeries(
        seed=821, shape=(160, 160), pixel_size=12, largest_tilt=40, tilt_step=10, dose=20, shift=100
    )
    images, truth = simulate_tilt_images(parameters)
    tilts = []
    for image, tilt in zip(images, truth.tilts, strict=True):
        path = folder / f"{tilt.name}.mrc"
        write_mrc(path, np.asarray(image, np.float32), 12)
        micrograph = Micrograph(path=path, pixel_size=12)
        made = {"name": tilt.name, "angle": tilt.nominal_angle, "number": tilt.number, "source": micrograph}
        tilts.append(TiltImage(tilt=made, micrograph=micrograph))
    return ImagedTiltSeries(name="ts", images=tuple(tilts), tilt_axis_angle=parameters.nominal_axis_angle)


def test_the_alignment_with_which_the_images_agree_more_is_the_record_of_a_series(series, tmp_path):
    shifted = series.model_copy(update={"tilt_axis_angle": series.tilt_axis_angle - 20})
    tools = TomographyTools(
        aligner=EmbeddedAlignment(refine_tilt_axis=False, smallest_share=0),
        second_opinions={
            "aligner": {"tool": "embedded", "largest_turn": 30, "smallest_share": 0},
            "alignment_score": 1,
        },
    )
    believed = concluded(consulted(question_of_alignment(shifted, tools, tmp_path)))
    opinion = opinion_in(tmp_path / "second_opinion_of_tilt_series_alignment", Alignment)
    assert opinion.won == "second"
    assert believed.tilt_axis_angle == opinion.second.found.tilt_axis_angle
    told = [result_in(path) for path in records_of_series(tmp_path)]
    assert [result.step for result in told] == ["tilt_series_alignment", "second_opinion_of_tilt_series_alignment"]
    assert told[0].digest == opinion.second.digest
    assert believed_of(tmp_path / "tilt_series_alignment/ts.json").is_relative_to(tmp_path / "second_opinion")


def test_nobody_is_asked_unless_somebody_is_named():
    for tools in (MicrographTools(), TomographyTools()):
        opinions = tools.second_opinions.model_dump()
        assert {opinions.get(role) for role in ("ctf_estimator", "motion_corrector", "aligner")} == {None}


def test_the_second_tools_of_a_session_are_parameters_as_the_first_ones():
    parameters = TomographySession.model_validate(
        {
            "acquisition": {"pixel_size": 1},
            "second_opinions": {"ctf_estimator": {"tool": "ctffind4"}, "aligner": {"tool": "aretomo3"}},
        }
    )
    assert parameters.second_opinions.ctf_estimator.tool == "ctffind4"
    assert TomographySession.model_validate_json(parameters.model_dump_json()) == parameters
