"""What stands in ISPyB after a session: each thing once, whatever was said how often."""

from collections import Counter
from random import Random

import pytest
from mariadb_server import Ispyb
from murfey.rig import Rig, undelivered

from tasks.settings import Settings

GROUP = "ParticleClassificationGroup"


@pytest.fixture
def told(rig, ispyb: Ispyb, tmp_path, monkeypatch) -> Rig:
    """A rig that tells ISPyB, in which Murfey registers its data collections."""
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", str(ispyb.credentials(tmp_path)))

    def registered(*recipes: str) -> tuple[int, dict[str, int]]:
        collection = ispyb.collection(*recipes)
        return collection.id, dict(collection.programs)

    rig.murfey.registrar = registered
    return rig


def of_collection(ispyb: Ispyb, dcid: int) -> dict[str, int]:
    """Count the rows of a data collection that have its number."""
    return {table: len(ispyb.rows(table, dataCollectionId=dcid)) for table in ("Movie", "MotionCorrection", "Tomogram")}


def classes(ispyb: Ispyb, spa, recipe: str) -> list[dict]:
    """The classes of a program, with the type and number of their group."""
    of = {group["particleClassificationGroupId"]: group for group in ispyb.rows(GROUP, programId=spa.programs[recipe])}
    return [
        {**row, "of": (of[number]["type"], of[number]["batchNumber"])}
        for number in of
        for row in ispyb.rows("ParticleClassification", particleClassificationGroupId=number)
    ]


def groups(ispyb: Ispyb, spa, recipe: str) -> dict[tuple[str, int], int]:
    """How many classes each group of a program has."""
    return dict(Counter(row["of"] for row in classes(ispyb, spa, recipe)))


@pytest.mark.parametrize("deliveries", [1, 2])
def test_each_micrograph_and_class_has_its_rows_once(told, ispyb, movies, deliveries):
    told.deliveries, told.random = deliveries, Random(deliveries)
    spa, names = told.murfey.spa(), movies(12)
    for name in names:
        spa.movie(name)
    told.run()
    assert undelivered(told.ledger) == {}
    assert of_collection(ispyb, spa.dcid) == {"Movie": 12, "MotionCorrection": 12, "Tomogram": 0}
    program = spa.programs["em-spa-preprocess"]
    for table, column in (("CTF", "autoProcProgramId"), ("ParticlePicker", "programId")):
        assert len(ispyb.rows(table, **{column: program})) == 12
    assert {row["UUID"] for row in ispyb.rows("zc_ZocaloBuffer", AutoProcProgramID=program)} >= set(spa.movies)
    # Three batches with two classes each, and one density that was classified and refined again when there was more.
    assert groups(ispyb, spa, "em-spa-class2d") == {("2D", 1): 2, ("2D", 2): 2, ("2D", 3): 2}
    assert groups(ispyb, spa, "em-spa-class3d") == groups(ispyb, spa, "em-spa-refine") == {("3D", 1): 1}
    (density,) = classes(ispyb, spa, "em-spa-refine")
    # Of so few particles Murfey is told resolutions that nobody has found: its line is passed over for ours.
    assert told.murfey.to_ispyb
    assert density["bFactorFitLinear"] == pytest.approx(0.01)
    assert len(ispyb.rows("BFactorFit", particleClassificationId=density["particleClassificationId"])) >= 3
    spa.movie(names[0])
    told.run()
    assert of_collection(ispyb, spa.dcid)["Movie"] == 12
    assert {row["UUID"] for row in ispyb.rows("zc_ZocaloBuffer", AutoProcProgramID=program)} >= set(spa.movies)


def test_a_series_has_one_tomogram_with_all_its_tilts(told, ispyb, tilts):
    group = told.murfey.tomography()
    for name in tilts([0.0, 3.0, -3.0, -6.0, 6.0]):
        group.tilt(name)
    group.mdoc("Position_1", 5)
    told.run()
    group.late_tilt(*tilts([9.0], first=6))
    told.run()
    group.mdoc("Position_1", 6)
    told.run()
    assert undelivered(told.ledger) == {}
    series = group.series["Position_1"]
    assert of_collection(ispyb, series.dcid) == {"Movie": 6, "MotionCorrection": 6, "Tomogram": 1}
    (tomogram,) = ispyb.rows("Tomogram", dataCollectionId=series.dcid)
    assert len(ispyb.rows("TiltImageAlignment", tomogramId=tomogram["tomogramId"])) == 6


def test_without_ispyb_all_else_works(rig, movies):
    assert Settings().ispyb is None
    spa = rig.murfey.spa()
    for name in movies(3):
        spa.movie(name)
    rig.run()
    assert len(rig.told("picked_particles")) == 3
    assert rig.murfey.dead == []
