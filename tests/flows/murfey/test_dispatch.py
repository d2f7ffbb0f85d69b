import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from captured_messages import bodies, captured, encoded
from sqlalchemy import select

from flows.murfey.asked import request_in
from flows.murfey.dispatch import Received, receive
from flows.spa_plan import extraction_payload
from tasks.errors import InputError
from tasks.ledger import (
    Claimer,
    Ledger,
    Result,
    Session,
    all_sessions,
    claim,
    find_session,
    finish,
    posted,
    requests_for,
    set_parameters,
    take,
)
from tasks.ledger import sent as mark_as_sent
from tasks.ledger.tables import items, requests

VISIT = Path("/facility/krios2/2025/nt54321-3")
DATA = VISIT / "raw11/Images-Disc1/GridSquare_62/Data"
MOVIE = str(DATA / "FoilHole_3225_Data_78_3_20250914_170003_fractions.tiff")
MOVIES = [str(DATA / f"FoilHole_322{n + 2}_Data_78_{n}_20250914_17000{n}_fractions.tiff") for n in (1, 2, 3)]
GAIN = str(VISIT / "processing/gain_20250914.mrc")
SPA, TOMOGRAPHY = "nt54321-3-raw11", "nt54321-3-raw4"
TAKEN = {"pixel_size": 1.0590000000000002, "voltage": 200.0, "dose_per_frame": 0.95, "gain": {"path": GAIN}}

ALL_OF_SPA = [
    "em-spa-preprocess.flushed",
    "em-spa-preprocess.direct",
    "em-spa-preprocess.duplicate_movie",
    "em-spa-extract.burst",
    "em-spa-extract.single",
    "em-spa-class2d.incomplete",
    "em-spa-class2d.rerun_incomplete",
    "em-spa-class2d.first_complete",
    "em-spa-class2d.after_score_flush",
    "em-spa-class2d.complete",
    "em-spa-class3d.first",
    "em-spa-class3d.held_batch",
    "em-spa-class3d.later",
    "em-spa-refine.first",
    "em-spa-refine.held",
    "em-spa-bfactor",
]


def sent(ledger: Ledger, name: str, **changes: Any) -> list[Received]:
    return [receive(ledger, body, redelivered=False) for body in bodies(name, **changes)]


def payloads(ledger: Ledger, kind: str) -> dict[str, Any]:
    query = select(items.c.key, items.c.payload).where(items.c.kind == kind)
    return {row.key: row.payload for row in ledger.read(lambda connection: connection.execute(query).all())}


def done(ledger: Ledger, kind: str, *results: Result) -> None:
    worker = Claimer(owner="worker", kinds=(kind,), order="oldest")
    for lease in claim(ledger, worker, 100):
        finish(ledger, lease, results)


def picked(*steps: str) -> list[Result]:
    return [Result(step=step, digest=f"digest of {step}", result={"count": 5}, tool="") for step in steps]


def test_the_first_movie_opens_the_session(ledger):
    [received] = sent(ledger, "em-spa-preprocess.direct")
    assert all_sessions(ledger) == [
        Session(
            name=SPA,
            kind="spa",
            folder=VISIT / "processed/raw11",
            parameters={"acquisition": TAKEN},
            identifiers={
                "murfey": {"feedback_queue": "murfey_feedback", "session_id": 37, "visit": "nt54321-3"},
                "ispyb": {"dcid": 7100417},
            },
        )
    ]
    assert payloads(ledger, "movie") == {MOVIE: {"path": MOVIE, "acquisition": TAKEN}}
    [arrival] = received.arrivals
    assert (arrival.session, arrival.kind, arrival.key) == (SPA, "movie", MOVIE)
    [request] = requests_for(ledger, SPA, "em-spa-preprocess")
    assert json.loads(request.body) == captured("em-spa-preprocess.direct")[0]
    assert (request.key, request.kind, request.item, request.sequence) == (MOVIE, "movie", MOVIE, 1)


def test_every_captured_message_of_single_particles_is_a_request_of_one_session(ledger):
    for name in ALL_OF_SPA:
        for received in sent(ledger, name):
            assert received.ours
    assert [session.name for session in all_sessions(ledger)] == [SPA]
    columns = (requests.c.recipe, requests.c.kind, requests.c.item, requests.c.sequence, requests.c.times)
    query = select(*columns).order_by(requests.c.id)
    split, batch = (
        str(VISIT / f"processed/raw11/Select/{name}") for name in ("job009/particles_split", "job013/particles_batch_")
    )
    classes = str(VISIT / "processed/raw11/Class3D/job021")
    assert [tuple(row) for row in ledger.read(lambda connection: connection.execute(query).all())] == [
        ("em-spa-preprocess", "movie", MOVIES[0], 1, 1),
        ("em-spa-preprocess", "movie", MOVIES[1], 1, 1),
        ("em-spa-preprocess", "movie", MOVIES[2], 1, 1),
        ("em-spa-preprocess", "movie", MOVIES[2], 2, 1),
        ("em-spa-extract", "extraction", MOVIES[0], 1, 1),
        ("em-spa-extract", "extraction", MOVIES[1], 1, 1),
        ("em-spa-extract", "extraction", MOVIES[2], 1, 2),
        ("em-spa-class2d", "particle_batch", f"{split}1.star", 1, 1),
        ("em-spa-class2d", "particle_batch", f"{split}1.star", 2, 1),
        ("em-spa-class2d", "particle_batch", f"{split}1.star", 1, 1),
        ("em-spa-class2d", "particle_batch", f"{split}2.star", 1, 1),
        ("em-spa-class2d", "particle_batch", f"{split}3.star", 1, 1),
        *(("em-spa-class3d", "classification_3d", f"{batch}{size}.star", 1, 1) for size in (50000, 100000, 200000)),
        *[("em-spa-refine", "refinement", classes, 1, 1)] * 2,
        *[("em-spa-bfactor", "b_factor", classes, 1, 1)] * 3,
    ]
    assert payloads(ledger, "movie") == {path: {"path": path, "acquisition": TAKEN} for path in MOVIES}


def test_a_movie_that_is_announced_again_is_answered_for_the_new_number(ledger):
    sent(ledger, "em-spa-preprocess.direct")
    done(ledger, "movie", *picked("motion_correction"))
    posted_first = take(ledger, "answers")
    assert [delivery.payload["key"] for delivery in posted_first] == [MOVIE]
    mark_as_sent(ledger, posted_first)
    [received] = sent(ledger, "em-spa-preprocess.duplicate_movie")
    assert received.arrivals == ()
    assert [each.sequence for each in requests_for(ledger, SPA, "em-spa-preprocess")] == [1, 2]
    [delivery] = take(ledger, "answers")
    assert delivery.payload == {
        "session": SPA,
        "kind": "movie",
        "key": MOVIE,
        "asked": f"em-spa-preprocess {MOVIE} 2",
    }


def test_a_gain_that_changes_inside_a_session_is_that_of_the_next_movies(ledger):
    sent(ledger, "em-spa-preprocess.flushed")
    sent(ledger, "em-spa-preprocess.direct", gain_ref="/facility/new.mrc", fm_dose=2)
    taken = payloads(ledger, "movie")[MOVIE]["acquisition"]
    assert taken == TAKEN | {"gain": {"path": "/facility/new.mrc"}, "dose_per_frame": 2.0}
    assert find_session(ledger, SPA).parameters == {"acquisition": TAKEN}


def test_what_a_message_does_not_say_is_as_usual(ledger):
    sent(ledger, "em-spa-preprocess.direct", gain_ref=None, fm_dose=None, kv="None", fm_int_file="/f.txt")
    assert payloads(ledger, "movie") == {MOVIE: {"path": MOVIE, "acquisition": {"pixel_size": TAKEN["pixel_size"]}}}


def test_the_grouping_of_eer_frames_is_that_of_the_file_that_is_named(ledger):
    movie = str(DATA / "a_EER.eer")
    sent(ledger, "em-spa-preprocess.direct", movie=movie, fm_int_file="/facility/fractions.txt")
    assert payloads(ledger, "movie")[movie]["fractions"] == "/facility/fractions.txt"


def test_binning_and_diameter_are_those_of_the_session(ledger):
    sent(ledger, "em-spa-preprocess.direct", ft_bin=2, particle_diameter=150)
    assert find_session(ledger, SPA).parameters == {
        "acquisition": TAKEN,
        "motion_corrector": {"binning": 2},
        "extractor": {"diameter": 150.0},
        "picker": {"diameter_range": [135.0, 165.0]},
    }


def test_an_extraction_is_that_of_the_movie_of_the_micrograph_and_its_diameter_that_of_the_session(ledger):
    sent(ledger, "em-spa-preprocess.direct")
    done(ledger, "movie", *picked("motion_correction", "ctf_estimation", "particle_picking"))
    [received] = sent(ledger, "em-spa-extract.single")
    assert find_session(ledger, SPA).parameters == {"acquisition": TAKEN, "extractor": {"diameter": 142.0}}
    digests = {step: f"digest of {step}" for step in ("ctf_estimation", "particle_picking")}
    assert payloads(ledger, "extraction") == {MOVIE: extraction_payload("142.0", digests)}
    assert [arrival.kind for arrival in received.arrivals] == ["extraction"]
    sent(ledger, "em-spa-extract.single", particle_diameter=170)
    assert find_session(ledger, SPA).parameters["extractor"] == {"diameter": 142.0}
    assert payloads(ledger, "extraction") == {MOVIE: extraction_payload("142.0", digests)}


BOXES = {"particle_diameter": None, "boxsize": 256, "small_boxsize": 64}


@pytest.mark.parametrize(
    ("said", "extractor"),
    [
        (BOXES, {"diameter": 225.9, "box_size": 256, "binned_size": 64}),
        (BOXES | {"downscale": False}, {"diameter": 225.9, "box_size": 256, "binned_size": 256}),
        (BOXES | {"particle_diameter": 142.0}, {"diameter": 142.0}),
    ],
)
def test_boxes_count_where_murfey_does_not_know_the_diameter(ledger, said, extractor):
    sent(ledger, "em-spa-preprocess.direct")
    sent(ledger, "em-spa-extract.single", **said)
    assert find_session(ledger, SPA).parameters["extractor"] == extractor


def test_boxes_that_the_site_has_set_stay(ledger):
    sent(ledger, "em-spa-preprocess.direct")
    session = find_session(ledger, SPA)
    ours = session.parameters | {"extractor": {"binned_size": 300}}
    set_parameters(ledger, session.model_copy(update={"parameters": ours}))
    sent(ledger, "em-spa-extract.single", **BOXES)
    assert find_session(ledger, SPA).parameters["extractor"] == {"binned_size": 300, "diameter": 225.9}


@pytest.mark.parametrize("side", [255, 14])
def test_boxes_that_cannot_be_are_refused(ledger, side):
    sent(ledger, "em-spa-preprocess.direct")
    with pytest.raises(InputError, match=f"boxsize.*{side}.*even"):
        sent(ledger, "em-spa-extract.single", **BOXES | {"boxsize": side})


def test_a_movie_is_found_though_its_micrograph_has_another_name(ledger):
    place = str(VISIT / "processed/raw11/MotionCorr/job002/Movies/a_name_made_safe.mrc")
    sent(ledger, "em-spa-preprocess.direct", mrc_out=place)
    sent(ledger, "em-spa-extract.single", micrographs_file=place)
    assert [each.item for each in requests_for(ledger, SPA, "em-spa-extract")] == [MOVIE]


def test_the_b_factor_of_the_next_refinement_is_asked_for_in_the_same_words(ledger):
    for name in ("em-spa-preprocess.direct", "em-spa-refine.first"):
        sent(ledger, name)
    for redelivered in (False, True):
        for body in bodies("em-spa-bfactor"):
            receive(ledger, body, redelivered=redelivered)
    assert len(requests_for(ledger, SPA, "em-spa-bfactor")) == 3
    sent(ledger, "em-spa-refine.held")
    for body in bodies("em-spa-bfactor"):
        receive(ledger, body, redelivered=True)
    assert len(requests_for(ledger, SPA, "em-spa-bfactor")) == 6


def test_an_average_of_a_session_without_movies_is_refused(ledger):
    for name in ("em-spa-class2d.incomplete", "em-spa-extract.single", "em-spa-refine.first"):
        with pytest.raises(InputError, match="a project without a movie"):
            sent(ledger, name)
    assert all_sessions(ledger) == []


def test_a_step_for_which_nobody_awaits_an_answer_leads_no_session(ledger):
    parameters = {"movie": MOVIE, "mrc_out": "/data/cm1/MotionCorr/job002/Movies/a.mrc", "pixel_size": 1}
    step = {"step": "motion_correction", "parameters": parameters | {"experiment_type": "spa", "voltage": 300}}
    receive(ledger, json.dumps(step).encode(), redelivered=False)
    [session] = all_sessions(ledger)
    assert (session.kind, session.folder, session.identifiers) == ("spa", Path("/data/cm1"), {})
    assert payloads(ledger, "movie") == {MOVIE: {"path": MOVIE, "acquisition": {"pixel_size": 1.0, "voltage": 300.0}}}
    assert posted(ledger, "answers") == {}


def test_what_is_for_others_is_left_to_them(ledger):
    for body in (*bodies("em-tomo-class2d"), encoded({"recipes": ["sxt-aretomo"], "parameters": {}})):
        received = receive(ledger, body, redelivered=False)
        assert received.foreign
        assert not received.ours
    assert all_sessions(ledger) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"recipes": ["em-spa-preprocess"], "parameters": {}}'])
def test_what_cannot_be_meant_is_refused(ledger, body):
    with pytest.raises(InputError):
        receive(ledger, body, redelivered=False)


def test_a_site_may_call_recipes_otherwise(ledger, monkeypatch):
    monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_RECIPES", '{"spa-at-our-site": "em-spa-preprocess"}')
    [body] = captured("em-spa-preprocess.direct")
    receive(ledger, encoded(body | {"recipes": ["spa-at-our-site"]}), redelivered=False)
    assert [each.item for each in requests_for(ledger, SPA, "em-spa-preprocess")] == [MOVIE]


def test_nothing_is_written_where_the_site_forbids_it(ledger, monkeypatch):
    monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_FOLDERS", '["/elsewhere"]')
    with pytest.raises(InputError, match="below /elsewhere"):
        sent(ledger, "em-spa-preprocess.direct")
    monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_FOLDERS", '["/elsewhere", "/facility"]')
    sent(ledger, "em-spa-preprocess.direct")
    monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_FOLDERS", '["/elsewhere"]')
    [request] = requests_for(ledger, SPA, "em-spa-preprocess")
    assert str(request_in(request).movie) == MOVIE


@pytest.mark.parametrize("seed", range(3))
def test_the_same_messages_again_in_any_order_change_nothing(ledger, seed):
    names = [*ALL_OF_SPA, "em-tomo-preprocess.flushed", "em-tomo-preprocess.direct", "em-tomo-align.via_feedback"]
    every = [body for name in names for body in bodies(name)]
    for body in every:
        receive(ledger, body, redelivered=False)
    before = everything(ledger)
    again = [*every, *every]
    Random(seed).shuffle(again)
    assert [receive(ledger, body, redelivered=True).arrivals for body in again] == [()] * len(again)
    assert everything(ledger) == before


def everything(ledger: Ledger) -> tuple:
    """All that messages may change, but for how often they came."""
    asked = select(requests.c.recipe, requests.c.key, requests.c.sequence, requests.c.kind, requests.c.item)
    there = select(items.c.kind, items.c.key, items.c.payload, items.c.attempt)
    rows = [ledger.read(lambda connection, query=query: connection.execute(query).all()) for query in (asked, there)]
    return all_sessions(ledger), *(sorted(map(str, row)) for row in rows), posted(ledger, "answers")
