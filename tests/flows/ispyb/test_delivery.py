"""What ISPyB holds after the deliveries of sessions that Murfey leads, with the real database."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from mariadb_server import Ispyb
from murfey.rig import Rig, undelivered

from flows.ispyb.delivery import rows_of, the_ispyb
from flows.ispyb.kept import kept
from flows.murfey.gateway_desks import receive_fit
from flows.outboxes import TARGETS, deliver_to
from tasks.ispyb import Away
from tasks.ispyb.rows import KEYS
from tasks.ledger import Ledger, Message, Selection, find_session, post, requeue, take
from tasks.ledger.tables import items, outbox

SPA, TOMOGRAPHY = "cm12345-1-raw7", "cm12345-1-raw2"
TABLES = (*KEYS, "AutoProcProgram", "zc_ZocaloBuffer")
PICTURES = {
    "MotionCorrection": ("driftPlotFullPath", "micrographSnapshotFullPath"),
    "ParticlePicker": ("summaryImageFullPath",),
    "ParticleClassification": ("classImageFullPath",),
}


@pytest.fixture
def told(rig: Rig, ispyb: Ispyb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A rig that tells ISPyB, in which Murfey registers its data collections."""
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", str(ispyb.credentials(tmp_path)))

    def registered(*recipes: str) -> tuple[int, dict[str, int]]:
        collection = ispyb.collection(*recipes)
        return collection.id, dict(collection.programs)

    rig.murfey.registrar = registered
    return rig


def everything(ispyb: Ispyb) -> dict[str, list[dict[str, object]]]:
    return {table: ispyb.rows(table) for table in TABLES}


def tell(ledger: Ledger, session: str, run: str, first: str = "") -> None:
    """Have all items of a session delivered, those of one kind first and the rest mixed."""
    with ledger.engine.connect() as connection:
        told = [(row.kind, row.key) for row in connection.execute(items.select())]
    Random(1).shuffle(told)
    for number, (kind, key) in enumerate(sorted(told, key=lambda item: item[0] != first)):
        payload = {"session": session, "kind": kind, "key": key}
        post(ledger, [Message(target="ispyb", key=f"{run} {number}", payload=payload)])
    while deliver_to(ledger, "ispyb", TARGETS["ispyb"]):
        pass
    assert undelivered(ledger) == {}


def as_registered(ispyb: Ispyb, programs: dict[str, int]) -> Iterator[tuple[str, dict[str, object]]]:
    for recipe, program in programs.items():
        yield recipe, ispyb.rows("AutoProcProgram", autoProcProgramId=program)[0]


def test_a_session_of_single_particles_is_told_as_the_pages_need_it_and_telling_it_again_changes_nothing(
    told: Rig, ispyb: Ispyb, movies
):
    spa = told.murfey.spa()
    for name in movies(9):
        spa.movie(name)
    told.run()
    assert undelivered(told.ledger) == {}
    groups = [
        group
        for recipe in ("em-spa-class2d", "em-spa-class3d", "em-spa-refine")
        for group in ispyb.rows("ParticleClassificationGroup", programId=spa.programs[recipe])
    ]
    needed = ("particlePickerId", "batchNumber", "numberOfParticlesPerBatch", "numberOfClassesPerBatch", "symmetry")
    assert [group["type"] for group in groups][-3:] == ["2D", "3D", "3D"]
    assert all(group[column] is not None for group in groups for column in needed)
    (refined,) = ispyb.rows(
        "ParticleClassification", particleClassificationGroupId=groups[-1]["particleClassificationGroupId"]
    )
    # The line of the stand-in for a fit, not Murfey's, which goes through resolutions of more particles than there are.
    assert refined["bFactorFitLinear"] == pytest.approx(0.01)
    points = ispyb.rows("BFactorFit", particleClassificationId=refined["particleClassificationId"])
    assert len(points) >= 2
    assert all(point["resolution"] > 0 for point in points)
    for table, columns in PICTURES.items():
        for row in ispyb.rows(table):
            assert all(Path(row[column]).is_file() for column in columns if row[column])
    states = {recipe: row["processingStatus"] for recipe, row in as_registered(ispyb, spa.programs)}
    assert states == {
        "em-spa-preprocess": None,
        "em-spa-extract": None,
        "em-spa-class2d": 1,
        "em-spa-class3d": 1,
        "em-spa-refine": 1,
    }
    before = everything(ispyb)
    tell(told.ledger, SPA, "again")
    assert everything(ispyb) == before


@pytest.mark.parametrize("first", ["tilt_movie", "tilt_series"])
def test_a_tilt_series_is_told_as_the_pages_need_it_whatever_is_told_first(
    told: Rig, ispyb: Ispyb, tilts, first, monkeypatch
):
    credentials = os.environ["CRYOEM_FLOWS_ISPYB"]
    monkeypatch.delenv("CRYOEM_FLOWS_ISPYB")
    group = told.murfey.tomography()
    for name in tilts([0.0, 3.0, -3.0]):
        group.tilt(name)
    group.mdoc("Position_1", 3)
    told.run()
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", credentials)
    tell(told.ledger, TOMOGRAPHY, "at last", first)
    series = group.series["Position_1"]
    (tomogram,) = ispyb.rows("Tomogram", dataCollectionId=series.dcid)
    names = ("centralSliceImage", "tomogramMovie", "projXY", "projXZ")
    assert all((Path(tomogram["fileDirectory"]) / tomogram[name]).is_file() for name in names)
    aligned = ispyb.rows("TiltImageAlignment", tomogramId=tomogram["tomogramId"])
    taken = {row["movieId"]: row["angle"] for row in ispyb.rows("Movie", dataCollectionId=series.dcid)}
    assert {row["movieId"]: row["refinedTiltAngle"] for row in aligned} == taken
    made = {
        row["processingType"]: row["filePath"]
        for row in ispyb.rows("ProcessedTomogram", tomogramId=tomogram["tomogramId"])
    }
    assert made.keys() >= {"Stack", "Denoised"}
    for kind in ("Stack", "Denoised"):
        assert Path(made[kind].replace(".mrc", "_movie.png")).is_file()
        assert Path(made[kind].replace(".mrc", "_thumbnail.jpeg")).is_file()
    states = {recipe: row["processingStatus"] for recipe, row in as_registered(ispyb, series.programs)}
    assert states == {"em-tomo-preprocess": 1, "em-tomo-align": 1}
    before = everything(ispyb)
    tell(told.ledger, TOMOGRAPHY, "again", first)
    assert everything(ispyb) == before
    report = find_session(told.ledger, TOMOGRAPHY).folder / "report" / "index.html"
    report.parent.mkdir()
    report.touch()
    tell(told.ledger, TOMOGRAPHY, "with a report", first)
    (attached,) = ispyb.rows("AutoProcProgramAttachment", autoProcProgramId=series.programs["em-tomo-align"])
    assert Path(attached["filePath"]) / attached["fileName"] == report


def test_what_was_given_up_is_told_with_the_reason_and_when_it_is_done_after_all(told: Rig, ispyb: Ispyb, tilts):
    real = dict(told.work)
    told.fail("tilt_series")
    group = told.murfey.tomography()
    for name in tilts([0.0, 3.0, -3.0]):
        group.tilt(name)
    group.mdoc("Position_1", 3)
    told.run()
    series = group.series["Position_1"]
    program = series.programs["em-tomo-align"]
    (state,) = ispyb.rows("AutoProcProgram", autoProcProgramId=program)
    assert (state["processingStatus"], state["processingEndTime"] is not None) == (0, True)
    assert "nothing of use" in state["processingMessage"]
    (message,) = ispyb.rows("AutoProcProgramMessage", autoProcProgramId=program)
    assert (message["severity"], "was given up" in message["message"]) == ("ERROR", True)
    assert "nothing of use" in message["description"]
    assert ispyb.rows("Tomogram", dataCollectionId=series.dcid) == []
    told.work.update(real)
    requeue(told.ledger, Selection(session=TOMOGRAPHY), "a test")
    told.run()
    (state,) = ispyb.rows("AutoProcProgram", autoProcProgramId=program)
    assert (state["processingStatus"], state["processingMessage"]) == (1, "processing successful")
    found = {
        each["severity"]: each["message"] for each in ispyb.rows("AutoProcProgramMessage", autoProcProgramId=program)
    }
    assert "is done after all" in found["INFO"]


def test_a_fit_for_what_was_never_refined_here_stays_with_the_reason(told: Rig, ispyb: Ispyb):
    fit = {
        "ispyb_command": "buffer",
        "buffer_lookup": {"particle_classification_id": 77},
        "buffer_command": {"ispyb_command": "insert_particle_classification"},
        "program_id": 78,
        "bfactor_fit_intercept": "0.1",
        "bfactor_fit_linear": "0.2",
    }
    receive_fit(told.ledger, json.dumps(fit).encode(), False)
    assert deliver_to(told.ledger, "ispyb", TARGETS["ispyb"]) == 0
    with told.ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET next_try = 0")
    (kept_back,) = take(told.ledger, "ispyb")
    assert "class 77 of program 78" in (kept_back.error or "")


def test_what_one_without_credentials_takes_stays_for_those_who_have_them(rig: Rig, movies):
    spa = rig.murfey.spa()
    spa.movie(movies(1)[0])
    rig.run()
    item = kept(rig.ledger, find_session(rig.ledger, SPA), "movie", str(rig.murfey.site.folder / "raw7" / movies(1)[0]))
    assert item
    assert {row.table for row in rows_of(item)} >= {"Movie", "MotionCorrection"}
    post(
        rig.ledger, [Message(target="ispyb", key="1", payload={"session": SPA, "kind": "movie", "key": item.item.key})]
    )
    assert deliver_to(rig.ledger, "ispyb", TARGETS["ispyb"]) == 0
    assert undelivered(rig.ledger)["ispyb"] == {"pending": 1}


def test_credentials_are_read_again_when_they_change(told: Rig, ispyb: Ispyb, tmp_path: Path, movies):
    spa = told.murfey.spa()
    spa.movie(*movies(1))
    ispyb.credentials(tmp_path, password="the old one")  # noqa: S106
    told.run()
    assert undelivered(told.ledger)["ispyb"] == {"pending": 1}
    file = ispyb.credentials(tmp_path)
    os.utime(file, (2e9, 2e9))
    with told.ledger.engine.begin() as connection:
        connection.execute(outbox.update().values(next_try=0))
    assert deliver_to(told.ledger, "ispyb", TARGETS["ispyb"]) == 1
    assert len(ispyb.rows("Movie", dataCollectionId=spa.dcid)) == 1
    file.unlink()
    with pytest.raises(Away, match="No such file"):
        the_ispyb()
