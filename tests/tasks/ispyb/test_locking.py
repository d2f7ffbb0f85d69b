from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from ispyb_deliveries import classes, micrograph, tomogram
from mariadb_server import Collection, Ispyb
from sqlalchemy import text

from tasks.errors import InputError
from tasks.ispyb import Away, Database, Orphaned, Row, locking

WRITERS = 4
MICROGRAPHS = 5


def write_all(database: Database, deliveries: list[list[Row]], first: int) -> list[dict[str, int]]:
    """Write deliveries, each writer beginning elsewhere; return the ids in the same order for all."""
    order = [(first + number) % len(deliveries) for number in range(len(deliveries))]
    ids = {number: database.write(deliveries[number]) for number in order}
    return [ids[number] for number in range(len(deliveries))]


def test_writers_at_the_same_time_double_nothing(open_as: Callable[[], Database], ispyb: Ispyb, collection: Collection):
    deliveries = [micrograph(collection, number) for number in range(1, MICROGRAPHS + 1)]
    deliveries += [classes(collection), tomogram(collection)]
    databases = [open_as() for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        told = list(pool.map(write_all, databases, WRITERS * [deliveries], range(WRITERS)))
    assert all(ids == told[0] for ids in told)
    assert len(ispyb.rows("Movie", dataCollectionId=collection.id)) == MICROGRAPHS + 1
    for table in ("MotionCorrection", "CTF", "RelativeIceThickness"):
        assert len(ispyb.rows(table, autoProcProgramId=collection.program)) == MICROGRAPHS
    assert len(ispyb.rows("ParticlePicker", programId=collection.program)) == MICROGRAPHS
    assert len(ispyb.rows("CryoemInitialModel", cryoemInitialModelId=told[0][-2]["model"])) == 1
    assert len(ispyb.rows("ProcessedTomogram", tomogramId=told[0][-1]["tomogram"])) == 3


def test_writers_of_the_same_program_take_turns_without_movies(
    open_as: Callable[[], Database], ispyb: Ispyb, collection: Collection
):
    deliveries = [classes(collection, number=6)]
    databases = [open_as() for _ in range(WRITERS)]
    for database in databases:
        # Connected, so that they begin at once.
        database.find(deliveries[0])
    with ThreadPoolExecutor(WRITERS) as pool:
        told = list(pool.map(write_all, databases, WRITERS * [deliveries], WRITERS * [0]))
    assert all(ids == told[0] for ids in told)
    (group,) = ispyb.rows("ParticleClassificationGroup", programId=collection.program)
    number = group["particleClassificationGroupId"]
    assert len(ispyb.rows("ParticleClassification", particleClassificationGroupId=number)) == 6


def test_programs_of_one_data_collection_share_its_movies(open_as: Callable[[], Database], ispyb: Ispyb):
    both = ispyb.collection("em-spa-preprocess", "again")
    seen = [Collection(both.id, both.grid_square, both.foil_hole, {"": program}) for program in both.programs.values()]
    deliveries = [[micrograph(each, number) for number in range(1, MICROGRAPHS + 1)] for each in 2 * seen]
    databases = [open_as() for _ in deliveries]
    with ThreadPoolExecutor(len(deliveries)) as pool:
        list(pool.map(write_all, databases, deliveries, (0, 0, 1, 1)))
    assert len(ispyb.rows("Movie", dataCollectionId=both.id)) == MICROGRAPHS
    for program in both.programs.values():
        assert len(ispyb.rows("MotionCorrection", autoProcProgramId=program)) == MICROGRAPHS


def test_who_waits_too_long_for_others_tries_later(
    database: Database, ispyb: Ispyb, collection: Collection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locking, "_PATIENCE", 0)
    with ispyb.root.connect() as other:
        other.execute(text(f"DO GET_LOCK('cryoem-movies-{collection.id}', 0)"))
        with pytest.raises(Away, match="somebody else"):
            database.write(micrograph(collection))
        other.execute(text(f"DO RELEASE_LOCK('cryoem-movies-{collection.id}')"))
    assert database.write(micrograph(collection))


def test_after_a_failure_others_can_write_at_once(open_as: Callable[[], Database], collection: Collection):
    first, second = open_as(), open_as()
    movie, *others = micrograph(collection)
    broken = others[-1].model_copy(update={"key": others[-1].key | {"firstMotionCorrectionId": 999_999}})
    with pytest.raises(Orphaned, match="firstMotionCorrectionId"):
        first.write([movie, broken])
    assert second.write([movie, *others])


def test_rows_without_any_program_are_refused(database: Database, collection: Collection):
    movie = micrograph(collection)[0].model_copy(update={"program": None})
    with pytest.raises(InputError, match="none names its program"):
        database.write([movie])
