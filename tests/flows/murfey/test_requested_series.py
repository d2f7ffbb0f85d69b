import json
from pathlib import Path

import pytest
from prefect.artifacts import Artifact

from flows.murfey.dispatch import receive
from flows.tilt_movies import process_tilt_movie, process_tilt_movies
from flows.tilt_series import asked, process_session
from tasks.errors import InputError
from tasks.ledger import Claimer, all_sessions, claim, found, quarantined, status, take
from tasks.motion_correction import EmbeddedMotion, place_of_motion
from tasks.tilt_series_grouping import check


class Murfey:
    """Asks for the tilts of a series and for the series, as Murfey does."""

    def __init__(self, ledger, truth, folder: Path, monkeypatch) -> None:
        site = folder / "murfey.yaml"
        # The images are too small and few for the aligner to judge which of them are stray.
        site.write_text("tomography: {aligner: {tool: embedded, smallest_share: 0}}")
        monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_PARAMETERS", str(site))
        self.ledger, self.truth = ledger, truth
        self.project = folder / "cm12345-1" / "processed" / "raw1"
        self.tilts = [(tilt.movie.path, tilt.nominal_angle) for tilt in truth.tilts]

    def micrograph(self, movie: Path) -> Path:
        return self.project / "MotionCorr/job002/Movies" / f"{movie.stem}_motion_corrected.mrc"

    def ask_for(self, number: int, movie: Path | None = None) -> None:
        acquisition = self.truth.tilts[0].movie.acquisition
        movie = movie or self.tilts[number][0]
        said = {
            "movie": str(movie),
            "mrc_out": str(self.micrograph(movie)),
            "pixel_size": acquisition.pixel_size,
            "fm_dose": acquisition.dose_per_frame,
            "gain_ref": str(acquisition.gain.path) if acquisition.gain else None,
            "kv": 300,
            "dcid": 1,
            "autoproc_program_id": 2,
            "mc_uuid": 100 + number,
            "feedback_queue": "murfey_feedback",
        }
        self._send("em-tomo-preprocess", said)

    def ask_for_series(self, *numbers: int, more: tuple[tuple[Path, float], ...] = ()) -> None:
        tilts = [*(self.tilts[number] for number in numbers), *more]
        said = {
            "input_file_list": str([[str(self.micrograph(movie)), str(angle)] for movie, angle in tilts]),
            "stack_file": str(self.project / "Tomograms/job006/tomograms/seen_stack.mrc"),
            "pixel_size": self.truth.tilts[0].movie.acquisition.pixel_size,
            "tilt_axis": self.truth.nominal_axis_angle,
            "dcid": 1,
            "appid": 3,
        }
        self._send("em-tomo-align", said)

    def _send(self, recipe: str, parameters: dict) -> None:
        body = json.dumps({"recipes": [recipe], "parameters": parameters})
        receive(self.ledger, body, redelivered=False)


@pytest.fixture
def murfey(ledger, seen_tilt_series, tmp_path, monkeypatch) -> Murfey:
    return Murfey(ledger, seen_tilt_series, tmp_path, monkeypatch)


def computed() -> dict[str, int]:
    """How many results of each step the latest run of the series computed."""
    rows = json.loads(Artifact.get("work-seen").data)
    counts: dict[str, int] = {}
    for row in rows:
        if row["this run"] == "computed":
            counts[row["step"]] = counts.get(row["step"], 0) + 1
    return counts


def process_all(ledger) -> None:
    for lease in claim(ledger, Claimer(owner="worker", kinds=("tilt_movie",), order="oldest"), 10):
        process_tilt_movie.fn(lease)


def test_a_movie_of_any_name_is_corrected_and_lies_where_murfey_looks(ledger, murfey, tmp_path):
    strange = tmp_path / "a movie of any name.tiff"
    strange.symlink_to(murfey.tilts[4][0])
    murfey.ask_for(4, strange)
    process_all(ledger)
    [session] = all_sessions(ledger)
    [(key, motion)] = found(ledger, session.name, "motion_correction")
    assert key == str(strange)
    assert murfey.micrograph(strange).resolve() == Path(motion.result["micrograph"]["path"]).resolve()


def test_a_series_needs_nothing_anew_of_what_was_found_of_its_movies(ledger, murfey, tmp_path):
    broken, never = tmp_path / "broken.tiff", tmp_path / "never.tiff"
    broken.write_bytes(b"not a movie")
    for number in range(5):
        murfey.ask_for(number)
    murfey.ask_for(5, broken)
    with pytest.raises(InputError):
        process_all(ledger)
    murfey.ask_for_series(*range(5), more=((broken, 40.0), (never, 50.0)))
    [session] = all_sessions(ledger)
    [lease] = claim(ledger, Claimer(owner="worker", kinds=("tilt_series",)))
    tomography = asked(session, lease)
    series = check(tomography.source.gather(tmp_path))
    places = {
        str(movie.path): place_of_motion(movie, EmbeddedMotion(), tmp_path).digest for movie in series.movies.values()
    }
    motions = dict(found(ledger, session.name, "motion_correction"))
    assert len(motions) == 5
    assert {key: result.digest for key, result in motions.items()} == places
    assert {one.name for one in series.excluded} == {broken.stem, murfey.micrograph(never).stem}
    assert series.tilt_axis_angle == murfey.truth.nominal_axis_angle
    assert tomography.folder == session.folder / "seen"


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_api")
def test_a_late_tilt_has_only_what_is_new_computed(ledger, murfey):
    for number in range(4):
        murfey.ask_for(number)
    [session] = all_sessions(ledger)
    assert process_tilt_movies(session.name, linger=0.2) == 4
    assert all(murfey.micrograph(movie).is_file() for movie, _ in murfey.tilts[:4])
    murfey.ask_for_series(0, 1, 2, 3)
    assert process_session(session.name, linger=0.2) == 1
    motions = dict(found(ledger, session.name, "motion_correction"))
    assert len(found(ledger, session.name, "ctf_estimation")) == 4
    # The CTF was found by the way, for want of a tilt axis.
    told = [delivery.payload for delivery in take(ledger, "answers")]
    assert {payload["key"] for payload in told if "found" in payload} == {str(movie) for movie, _ in murfey.tilts[:4]}

    murfey.ask_for(4)
    murfey.ask_for_series(0, 1, 2, 3, 4)
    assert process_session(session.name, linger=0.2) == 1
    assert {key: dict(found(ledger, session.name, "motion_correction"))[key] for key in motions} == motions
    steps = ["motion correction", "ctf estimation", "tilt series alignment", "tomogram reconstruction"]
    steps += ["denoising", "segmentation"]
    assert computed() == dict.fromkeys(steps, 1)
    assert [kind.done for kind in status(ledger, session.name).kinds] == [5, 1]


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_api")
def test_a_tilt_that_was_given_up_does_not_stop_its_series_and_any_name_will_do(ledger, murfey, tmp_path):
    broken, strange = tmp_path / "broken.tiff", tmp_path / "a movie of any name.tiff"
    broken.write_bytes(b"not a movie")
    strange.symlink_to(murfey.tilts[4][0])
    for number in range(4):
        murfey.ask_for(number)
    murfey.ask_for(4, strange)
    murfey.ask_for(5, broken)
    [session] = all_sessions(ledger)
    process_tilt_movies(session.name, linger=0.2)
    assert murfey.micrograph(strange).is_file()
    assert [item.key for item in quarantined(ledger, session.name)] == [str(broken)]
    never = tmp_path / "never.tiff"
    murfey.ask_for_series(0, 1, 2, 3, more=((strange, murfey.tilts[4][1]), (broken, 40.0), (never, 50.0)))
    process_session(session.name, linger=0.2)
    [series] = [kind for kind in status(ledger, session.name).kinds if kind.kind == "tilt_series"]
    assert series.done == 1
    [(_, alignment)] = found(ledger, session.name, "tilt_series_alignment")
    reasons = {one["name"]: one["reason"] for one in alignment.result["excluded"]}
    assert set(reasons) == {broken.stem, murfey.micrograph(never).stem}
    assert "no such file" in reasons[murfey.micrograph(never).stem]
    assert len(alignment.result["tilts"]) == 5
