import json
from pathlib import Path
from typing import Any

from captured_messages import bodies, captured, encoded
from sqlalchemy import select

from flows.announced import source_of
from flows.murfey.dispatch import Received, receive
from flows.sessions import TomographySession
from tasks.ledger import Claimer, Ledger, Session, all_sessions, claim, find_session, finish, requests_of
from tasks.ledger.tables import items

VISIT = Path("/facility/krios2/2025/nt54321-3")
RAW, PROJECT = VISIT / "raw4", VISIT / "processed/raw4"
SESSION = "nt54321-3-raw4"
STACK = str(PROJECT / "Tomograms/job006/tomograms/Position_12_stack.mrc")
TAKEN = {
    "pixel_size": 1.63,
    "voltage": 200.0,
    "dose_per_frame": 0.41,
    "gain": {"path": str(VISIT / "processing/gain_20250914.mrc")},
}
ANGLES = [0.0, 3.0, -3.0, -6.0, 6.0, 9.0]
STEMS = [f"Position_12_00{n}_{angle}_20250914_17000{n - 1}_fractions" for n, angle in enumerate(ANGLES, 1)]
MOVIES = [str(RAW / f"{stem}.tiff") for stem in STEMS]
IMAGES = [str(PROJECT / f"MotionCorr/job002/Movies/{stem}_motion_corrected.mrc") for stem in STEMS]


def sent(ledger: Ledger, name: str, **changes: Any) -> list[Received]:
    return [receive(ledger, body, redelivered=False) for body in bodies(name, **changes)]


def movie(ledger: Ledger, number: int, **changes: Any) -> Received:
    """Ask for one of the six tilts, which is not among those that were captured."""
    said = {"movie": MOVIES[number], "mrc_out": IMAGES[number], "mc_uuid": 5000 + number} | changes
    return receive(ledger, encoded(captured("em-tomo-preprocess.direct")[0], **said), redelivered=False)


def payloads(ledger: Ledger, kind: str) -> dict[str, Any]:
    query = select(items.c.key, items.c.payload).where(items.c.kind == kind)
    return {row.key: row.payload for row in ledger.read(lambda connection: connection.execute(query).all())}


def listed(number: int) -> dict[str, Any]:
    return {"path": MOVIES[number], "angle": ANGLES[number], "acquisition": TAKEN}


def test_the_first_tilt_opens_the_session(ledger):
    received = sent(ledger, "em-tomo-preprocess.direct")
    assert all_sessions(ledger) == [
        Session(
            name=SESSION,
            kind="tomography",
            folder=PROJECT,
            parameters={"acquisition": TAKEN},
            identifiers={"murfey": {"feedback_queue": "murfey_feedback", "visit": "nt54321-3"}, "ispyb": {}},
        )
    ]
    assert payloads(ledger, "tilt_movie") == {path: {"path": path, "acquisition": TAKEN} for path in MOVIES[:3]}
    assert [[arrival.key for arrival in each.arrivals] for each in received] == [[path] for path in MOVIES[:3]]


def test_a_series_is_made_of_the_movies_that_were_asked_for(ledger):
    sent(ledger, "em-tomo-preprocess.direct")
    [received] = sent(ledger, "em-tomo-align.via_completed_tilt_series")
    images = [{"path": IMAGES[number], "angle": ANGLES[number], "acquisition": None} for number in (3, 4)]
    tilts = [listed(0), listed(1), listed(2), *images]
    assert payloads(ledger, "tilt_series") == {
        STACK: {
            "name": "Position_12",
            "frames": str(VISIT),
            "movies": [tilt["path"] for tilt in tilts],
            "tilts": tilts,
            "acquisition": {"pixel_size": 1.63, "voltage": 200.0},
            "tilt_axis": -94.5,
            "tilt_offset": 0.0,
            "dose_per_tilt": 3.28,
        }
    }
    assert [arrival.key for arrival in received.arrivals] == [STACK]
    source = source_of(received.arrivals[0].payload, TomographySession.of(find_session(ledger, SESSION)))
    assert [str(tilt.path) for tilt in source.tilts] == [tilt["path"] for tilt in tilts]
    assert [tilt.acquisition is None for tilt in source.tilts] == [False, False, False, True, True]
    assert (source.tilt_axis_angle, source.dose_per_tilt, source.acquisition.voltage) == (-94.5, 3.28, 200.0)


def test_a_late_tilt_lets_the_series_wait_afresh(ledger):
    for number in range(5):
        movie(ledger, number)
    sent(ledger, "em-tomo-align.via_completed_tilt_series")
    for lease in claim(ledger, Claimer(owner="worker", kinds=("tilt_movie", "tilt_series")), 10):
        finish(ledger, lease)
    movie(ledger, 5)
    [received] = sent(ledger, "em-tomo-align.rerun_after_late_tilt")
    assert [arrival.key for arrival in received.arrivals] == [STACK]
    assert payloads(ledger, "tilt_series")[STACK]["tilts"] == [listed(number) for number in range(6)]
    waiting = claim(ledger, Claimer(owner="worker", kinds=("tilt_movie", "tilt_series")), 10)
    assert [lease.key for lease in waiting] == [MOVIES[5], STACK]
    assert [each.sequence for each in requests_of(ledger, SESSION, "tilt_series", [STACK])[STACK]] == [1, 2]


def test_movies_that_are_asked_for_after_their_series_take_the_place_of_their_images(ledger):
    sent(ledger, "em-tomo-align.via_completed_tilt_series")
    assert {tilt["acquisition"] for tilt in payloads(ledger, "tilt_series")[STACK]["tilts"]} == {None}
    received = [movie(ledger, number) for number in range(5)]
    assert [[arrival.kind for arrival in each.arrivals] for each in received] == [["tilt_movie", "tilt_series"]] * 5
    late = payloads(ledger, "tilt_series")[STACK]
    in_time = [movie(ledger, number) for number in range(5)]
    assert [each.arrivals for each in in_time] == [()] * 5
    assert late["tilts"] == [listed(number) for number in range(5)]


def test_a_tilt_that_is_announced_again_does_not_change_its_series(ledger):
    for number in range(5):
        movie(ledger, number)
    sent(ledger, "em-tomo-align.via_completed_tilt_series")
    assert movie(ledger, 1, mc_uuid=9999).arrivals == ()


def test_one_series_stays_one_whatever_its_stack_is_called(ledger):
    sent(ledger, "em-tomo-align.via_completed_tilt_series")
    elsewhere = STACK.replace("/tomograms/", "/tomograms/grid_1/")
    sent(ledger, "em-tomo-align.rerun_after_late_tilt", stack_file=elsewhere)
    assert list(payloads(ledger, "tilt_series")) == [STACK]
    assert len(requests_of(ledger, SESSION, "tilt_series", [STACK])[STACK]) == 2


def test_two_series_stay_two_though_their_stacks_are_called_alike(ledger):
    sent(ledger, "em-tomo-align.via_completed_tilt_series")
    sent(ledger, "em-tomo-align.via_completed_tilt_series", dcid=8)
    elsewhere = STACK.replace("/tomograms/", "/tomograms/grid_1/")
    sent(ledger, "em-tomo-align.via_completed_tilt_series", dcid=9, stack_file=elsewhere)
    sent(ledger, "em-tomo-align.rerun_after_late_tilt", dcid=8)
    names = {key: payload["name"] for key, payload in payloads(ledger, "tilt_series").items()}
    assert names == {STACK: "Position_12", f"{STACK} 8": "Position_12_8", elsewhere: "Position_12_9"}
    counts = requests_of(ledger, SESSION, "tilt_series", list(names))
    assert {key: len(asked) for key, asked in counts.items()} == {STACK: 1, f"{STACK} 8": 2, elsewhere: 1}


def test_the_axis_of_the_first_series_lets_the_ctf_of_what_follows_be_estimated_at_once(ledger):
    movie(ledger, 0)
    assert "tilt_axis_angle" not in find_session(ledger, SESSION).parameters
    sent(ledger, "em-tomo-align.via_completed_tilt_series")
    assert find_session(ledger, SESSION).parameters["tilt_axis_angle"] == -94.5
    sent(ledger, "em-tomo-align.via_feedback", tilt_axis=3)
    assert find_session(ledger, SESSION).parameters["tilt_axis_angle"] == -94.5


def test_the_site_knows_the_axis_better(ledger, tmp_path, monkeypatch):
    file = tmp_path / "murfey.yaml"
    file.write_text("tomography: {tilt_axis_angle: 85, reconstructor: {binning: 8}}")
    monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_PARAMETERS", str(file))
    movie(ledger, 0, ft_bin=2)
    [received] = sent(ledger, "em-tomo-align.via_completed_tilt_series")
    session = find_session(ledger, SESSION)
    assert session.parameters == {
        "acquisition": TAKEN,
        "tilt_axis_angle": 85,
        "reconstructor": {"binning": 8},
        "motion_corrector": {"binning": 2},
    }
    assert source_of(received.arrivals[0].payload, TomographySession.of(session)).tilt_axis_angle == 85


def test_single_particles_and_tilt_series_of_one_folder_are_two_sessions(ledger):
    movie(ledger, 0)
    [body] = bodies("em-spa-preprocess.direct")
    receive(ledger, body.replace(b"/raw11/", b"/raw4/"), redelivered=False)
    assert {each.name: each.kind for each in all_sessions(ledger)} == {SESSION: "tomography", f"{SESSION}-spa": "spa"}
    movie(ledger, 1)
    assert len(all_sessions(ledger)) == 2


def test_a_plain_step_is_the_same_work(ledger):
    said = captured("em-tomo-align.via_feedback")[0]["parameters"]
    step = {"step": "tilt_series_alignment", "parameters": said}
    [arrival] = receive(ledger, json.dumps(step).encode(), redelivered=False).arrivals
    assert (arrival.kind, arrival.payload["name"]) == ("tilt_series", "Position_11")
