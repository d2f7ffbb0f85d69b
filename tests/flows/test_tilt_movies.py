import json

import pytest
from prefect.artifacts import Artifact

from flows.rerun import rerun
from flows.tilt_movies import process_tilt_movies
from flows.tilt_series import process_session
from tasks.errors import InputError
from tasks.ledger import Arrival, arrive, find_session, found, quarantined, set_parameters, status
from tasks.models import Ctf, Opinion

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]


def counts(ledger) -> dict[str, int]:
    """How many items of each kind are done; nothing else may be left."""
    kinds = status(ledger, "cm1").kinds
    assert all(kind.open == kind.quarantined == 0 for kind in kinds), kinds
    return {kind.kind: kind.done for kind in kinds}


def work(name: str) -> dict[str, list[str]]:
    """What the latest run of a series computed, with the reasons, by step."""
    rows = json.loads(Artifact.get(f"work-{name}").data)
    assert rows
    steps: dict[str, list[str]] = {}
    for row in rows:
        if row["this run"] == "computed":
            steps.setdefault(row["step"], []).append(row["why"])
    return steps


@pytest.fixture
def tilts(seen_tilt_series) -> int:
    return len(seen_tilt_series.tilts)


def test_a_series_uses_what_was_found_of_its_movies_as_they_arrived(ledger, session, seen_tilt_series, tilts):
    assert process_tilt_movies("cm1", linger=0.2) == tilts
    motions = dict(found(ledger, "cm1", "motion_correction"))
    ctfs = dict(found(ledger, "cm1", "ctf_estimation"))
    assert set(motions) == set(ctfs) == {str(tilt.movie.path) for tilt in seen_tilt_series.tilts}
    assert all(result.seconds > 0 and result.host and result.flow_run for result in motions.values())

    assert process_session("cm1", linger=0.2) == 1
    assert counts(ledger) == {"tilt_movie": tilts, "tilt_series": 1}
    assert set(work("seen")) == {"tilt series alignment", "tomogram reconstruction", "denoising", "segmentation"}
    assert dict(found(ledger, "cm1", "motion_correction")) == motions
    assert len(found(ledger, "cm1", "denoising")) == 1


def test_a_series_does_what_is_left_of_its_movies(ledger, session, tilts):
    assert process_session("cm1", linger=0.2) == 1
    assert counts(ledger) == {"tilt_movie": tilts, "tilt_series": 1}
    assert len(found(ledger, "cm1", "ctf_estimation")) == tilts


def test_a_rerun_computes_what_depends_on_the_change(ledger, session, tilts):
    process_session("cm1", linger=0.2)
    before = found(ledger, "cm1", "motion_correction"), found(ledger, "cm1", "tilt_series_alignment")

    assert rerun(ledger, "cm1", ["ctf_estimation.defocus_range=[10000, 50000]"], "a user") == tilts + 1
    process_session("cm1", linger=0.2)
    assert counts(ledger) == {"tilt_movie": tilts, "tilt_series": 1}
    assert (found(ledger, "cm1", "motion_correction"), found(ledger, "cm1", "tilt_series_alignment")) == before
    computed = work("seen")
    assert set(computed) == {"ctf estimation", "tomogram reconstruction", "denoising", "segmentation"}
    assert len(computed["ctf estimation"]) == tilts
    assert set(computed["ctf estimation"]) == {"changed: estimator.defocus_range[0] from 5000.0 to 10000.0"}

    assert rerun(ledger, "cm1", ["reconstructor.binning=2"], "a user") == 1
    process_session("cm1", linger=0.2)
    assert set(work("seen")) == {"tomogram reconstruction", "denoising", "segmentation"}

    assert rerun(ledger, "cm1", [], "a user") == tilts + 1
    process_session("cm1", linger=0.2)
    assert counts(ledger) == {"tilt_movie": tilts, "tilt_series": 1}
    assert work("seen") == {}


def test_without_a_tilt_axis_the_ctf_waits_for_the_series_and_is_told_to_the_ledger(ledger, session, tilts):
    parameters = {name: value for name, value in session.parameters.items() if name != "tilt_axis_angle"}
    set_parameters(ledger, session.model_copy(update={"parameters": parameters}))
    process_tilt_movies("cm1", linger=0.2)
    assert len(found(ledger, "cm1", "motion_correction")) == tilts
    assert found(ledger, "cm1", "ctf_estimation") == []
    process_session("cm1", linger=0.2)
    assert len(found(ledger, "cm1", "ctf_estimation")) == tilts


def test_a_change_that_cannot_be_used_changes_nothing(ledger, session):
    process_tilt_movies("cm1", linger=0.2)
    with pytest.raises(InputError, match="defocus_range"):
        rerun(ledger, "cm1", ["ctf_estimation.defocus_range=big"], "a user")
    assert find_session(ledger, "cm1") == session
    assert status(ledger, "cm1").kinds[0].waiting == 0


def test_a_movie_that_cannot_be_read_is_given_up_and_the_others_go_on(ledger, session, tilts, tmp_path):
    broken = tmp_path / "broken_001_3.0.tiff"
    broken.write_bytes(b"not a movie")
    arrive(ledger, [Arrival(session="cm1", kind="tilt_movie", key=str(broken), payload={"path": str(broken)})])
    process_tilt_movies("cm1", linger=0.2)
    (given_up,) = quarantined(ledger, "cm1")
    assert given_up.key == str(broken)
    assert given_up.reason_kind == "bad-data"
    (movies, _) = status(ledger, "cm1").kinds
    assert movies.done == tilts


def test_a_second_opinion_is_what_the_ledger_tells_and_is_not_asked_twice(ledger, session, tilts):
    other = "second_opinions.ctf_estimator={tool: embedded, tile: 500}"
    # No fit is good enough for this, so that all are in doubt.
    rerun(ledger, "cm1", [other, "second_opinions.ctf_resolution=1.0"], "a user")
    process_session("cm1", linger=0.2)
    opinions, used = (dict(found(ledger, "cm1", f"{what}ctf_estimation")) for what in ("second_opinion_of_", ""))
    assert len(opinions) == len(used) == tilts
    for movie, opinion in opinions.items():
        told = Opinion[Ctf].model_validate(opinion.result)
        assert told.first.found != told.second.found
        assert used[movie].digest == told.winner.digest
        assert Ctf.model_validate(used[movie].result) == told.winner.found

    rerun(ledger, "cm1", [], "a user")
    process_session("cm1", linger=0.2)
    assert work("seen") == {}
    assert dict(found(ledger, "cm1", "ctf_estimation")) == used
