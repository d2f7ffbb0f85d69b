from datetime import UTC, datetime, timedelta

import pytest
from ispyb_deliveries import RAW, TAKEN, classes, micrograph, tomogram
from mariadb_server import Collection, Ispyb
from sqlalchemy import event

from tasks.errors import InputError
from tasks.ispyb import Database, Orphaned, Ref, Rejected, Row

LONG = "/" + 299 * "x"


@pytest.fixture
def statements(database: Database) -> list[str]:
    """What is said to the database."""
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *said_now: said.append(said_now[2].split()[0]))
    return said


def changed(row: Row, column: str, value: object) -> Row:
    part = "key" if column in row.key else "values"
    return row.model_copy(update={part: getattr(row, part) | {column: value}})


def test_rows_are_there_with_all_that_was_given_and_belong_together(
    database: Database, ispyb: Ispyb, collection: Collection
):
    ids = database.write(micrograph(collection))
    program = collection.program
    (movie,) = ispyb.rows("Movie", dataCollectionId=collection.id)
    (motion,) = ispyb.rows("MotionCorrection", autoProcProgramId=program)
    (ctf,) = ispyb.rows("CTF", autoProcProgramId=program)
    (picker,) = ispyb.rows("ParticlePicker", programId=program)
    assert ids["movie"] == movie["movieId"] == motion["movieId"]
    assert ids["motion"] == motion["motionCorrectionId"] == ctf["motionCorrectionId"]
    assert ids["motion"] == picker["firstMotionCorrectionId"]
    assert movie["foilHoleId"] == collection.foil_hole
    assert movie["movieFullPath"] == f"{RAW}/GridSquare_1/Data/FoilHole_1_fractions.tiff"
    # Six digits of a float are shown.
    assert ctf["estimatedDefocus"] == 12031.8
    assert motion["doseWeight"] is None


def test_times_are_those_of_the_database(database: Database, ispyb: Ispyb, collection: Collection):
    database.write(micrograph(collection))
    (movie,) = ispyb.rows("Movie", dataCollectionId=collection.id)
    assert movie["createdTimeStamp"] == TAKEN.replace(tzinfo=None) + timedelta(hours=5)


def test_murfey_finds_the_rows_by_its_numbers(database: Database, ispyb: Ispyb, collection: Collection):
    ids = database.write(micrograph(collection))
    database.write(micrograph(collection))
    remembered = ispyb.rows("zc_ZocaloBuffer", AutoProcProgramID=collection.program)
    assert [(row["UUID"], row["Reference"]) for row in remembered] == [(2, ids["motion"]), (3, ids["picker"])]


def test_the_same_rows_again_change_nothing(
    database: Database, ispyb: Ispyb, collection: Collection, statements: list[str]
):
    rows = [*micrograph(collection), *classes(collection)]
    ids = database.write(rows)
    statements.clear()
    assert database.write(rows[::-1]) == ids
    assert "UPDATE" not in statements
    # Of Murfey's numbers.
    assert statements.count("INSERT") == 1
    assert len(ispyb.rows("CTF", autoProcProgramId=collection.program)) == 1


def test_another_value_is_brought_up_to_date_in_place(
    database: Database, ispyb: Ispyb, collection: Collection, statements: list[str]
):
    ids = database.write(micrograph(collection, defocus=12031.85))
    statements.clear()
    # Less than what the database shows of it.
    assert database.write(micrograph(collection, defocus=12031.84)) == ids
    assert statements.count("UPDATE") == 1
    statements.clear()
    database.write(micrograph(collection, defocus=15000))
    assert statements.count("UPDATE") == 1
    (ctf,) = ispyb.rows("CTF", autoProcProgramId=collection.program)
    assert (ctf["ctfId"], ctf["estimatedDefocus"]) == (ids["ctf"], 15000)


def test_what_is_not_known_leaves_what_is_there(database: Database, ispyb: Ispyb, collection: Collection):
    database.write(micrograph(collection))
    database.write(micrograph(collection, defocus=float("nan")))
    (ctf,) = ispyb.rows("CTF", autoProcProgramId=collection.program)
    assert ctf["estimatedDefocus"] == 12031.8


def test_a_movie_keeps_its_time_and_what_was_said_of_it(database: Database, ispyb: Ispyb, collection: Collection):
    database.write(micrograph(collection, foilHoleId=None))
    later = datetime(2027, 1, 1, tzinfo=UTC)
    database.write(micrograph(collection, createdTimeStamp=later, movieNumber=17))
    (movie,) = ispyb.rows("Movie", dataCollectionId=collection.id)
    assert movie["createdTimeStamp"] == TAKEN.replace(tzinfo=None) + timedelta(hours=5)
    assert movie["movieNumber"] == 1
    assert movie["foilHoleId"] == collection.foil_hole


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("FoilHole_a.tiff", "FoilHole_A.tiff"), ("cafe.tiff", "café.tiff"), ("name", "name ")],
    ids=["case", "accent", "blank"],
)
def test_movies_that_the_database_takes_for_equal_are_two(
    database: Database, ispyb: Ispyb, collection: Collection, ours: str, theirs: str
):
    rows = [
        Row(
            table="Movie",
            name=name,
            key={"dataCollectionId": collection.id, "movieFullPath": f"/raw/{name}"},
            program=collection.program,
        )
        for name in (ours, theirs)
    ]
    ids = database.write(rows)
    assert database.write(rows) == ids
    there = ispyb.rows("Movie", dataCollectionId=collection.id)
    assert [row["movieFullPath"] for row in there] == [f"/raw/{name}" for name in (ours, theirs)]


def test_of_old_duplicates_the_first_counts(database: Database, ispyb: Ispyb, collection: Collection):
    for _ in range(3):
        ispyb.execute(
            "INSERT INTO ParticleClassificationGroup (programId, type, batchNumber) VALUES (:program, '3D', 1)",
            program=collection.program,
        )
    ids = database.write(classes(collection))
    groups = ispyb.rows("ParticleClassificationGroup", programId=collection.program)
    assert len(groups) == 3
    assert ids["group"] == groups[0]["particleClassificationGroupId"]
    assert [group["numberOfClassesPerBatch"] for group in groups] == [2, None, None]


def test_the_initial_model_is_known_by_its_classes(database: Database, ispyb: Ispyb, collection: Collection):
    ids = database.write(classes(collection))
    again = database.write(classes(collection, number=3, resolution=12.5))
    assert again["model"] == ids["model"]
    (model,) = ispyb.rows("CryoemInitialModel", cryoemInitialModelId=ids["model"])
    assert model["resolution"] == 12.5
    links = ispyb.rows("ParticleClassification_has_CryoemInitialModel", cryoemInitialModelId=ids["model"])
    assert [link["particleClassificationId"] for link in links] == [again[f"class {each}"] for each in (1, 2, 3)]


def test_each_tilt_of_a_tomogram_has_one_alignment(database: Database, ispyb: Ispyb, collection: Collection):
    ids = database.write(tomogram(collection, angle=-2))
    assert database.write(tomogram(collection, angle=-2.5)) == ids
    assert "tilt" not in ids
    (tilt,) = ispyb.rows("TiltImageAlignment", tomogramId=ids["tomogram"])
    assert (tilt["movieId"], tilt["refinedTiltAngle"]) == (ids["movie"], -2.5)


def test_a_second_feature_leaves_the_other_volumes_alone(database: Database, ispyb: Ispyb, collection: Collection):
    before = database.write(tomogram(collection))
    after = database.write(tomogram(collection, features=("Membrane", "Ribosome")))
    assert after.items() > before.items()
    there = ispyb.rows("ProcessedTomogram", tomogramId=after["tomogram"])
    assert {(row["processingType"], row["feature"]): row["filePath"] for row in there} == {
        ("Denoised", None): "/processed/Denoised_None.mrc",
        ("Segmented", None): "/processed/Segmented_None.mrc",
        ("Feature", "Membrane"): "/processed/Feature_Membrane.mrc",
        ("Feature", "Ribosome"): "/processed/Feature_Ribosome.mrc",
    }


def test_files_and_messages_of_a_program_are_written_once(database: Database, ispyb: Ispyb, collection: Collection):
    program = collection.program
    log = Row(
        table="AutoProcProgramAttachment",
        name="log",
        key={"autoProcProgramId": program, "filePath": "/processed", "fileName": "report.html"},
        values={"fileType": "Log"},
        program=program,
    )
    warning = Row(
        table="AutoProcProgramMessage",
        name="warning",
        key={"autoProcProgramId": program, "severity": "WARNING", "message": "thick ice"},
        values={"description": "a longer text"},
        program=program,
    )
    assert database.write([log, warning]) == database.write([warning, log])
    (attachment,) = ispyb.rows("AutoProcProgramAttachment", autoProcProgramId=program)
    (message,) = ispyb.rows("AutoProcProgramMessage", autoProcProgramId=program)
    assert (attachment["fileType"], message["severity"]) == ("Log", "WARNING")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("Movie.movieFullPath", LONG),
        ("Movie.movieFullPath", "/raw/薄膜.tiff"),
        ("MotionCorrection.micrographFullPath", LONG),
        ("MotionCorrection.imageNumber", 70_000),
        ("CTF.estimatedDefocus", 1e39),
        ("ParticlePicker.numberOfParticles", "many"),
    ],
)
def test_what_would_be_damaged_is_rejected_with_all_of_its_delivery(
    database: Database, ispyb: Ispyb, collection: Collection, place: str, value: object
):
    table, column = place.split(".")
    rows = [changed(row, column, value) if row.table == table else row for row in micrograph(collection)]
    with pytest.raises(Rejected) as caught:
        database.write(rows)
    assert (caught.value.table, caught.value.column) == (table, column)
    assert ispyb.rows("Movie", dataCollectionId=collection.id) == []


def test_an_unknown_word_is_rejected(database: Database, collection: Collection):
    with pytest.raises(Rejected, match=r"ProcessedTomogram\.feature"):
        database.write(tomogram(collection, features=("Unicorn",)))


def test_letters_of_western_europe_are_written_as_they_are(database: Database, ispyb: Ispyb, collection: Collection):
    row = Row(
        table="Movie",
        name="movie",
        key={"dataCollectionId": collection.id, "movieFullPath": "/raw/Müller_é_€.tiff"},
        program=collection.program,
    )
    database.write([row])
    (movie,) = ispyb.rows("Movie", dataCollectionId=collection.id)
    assert movie["movieFullPath"] == "/raw/Müller_é_€.tiff"


def test_rows_of_an_unknown_program_or_collection_are_orphaned(database: Database, collection: Collection):
    movie = micrograph(collection)[0]
    with pytest.raises(Orphaned, match=r"AutoProcProgram\.autoProcProgramId: there is no program 999999"):
        database.write([movie.model_copy(update={"program": 999_999})])
    with pytest.raises(Orphaned, match=r"Movie\.dataCollectionId"):
        database.write([movie.model_copy(update={"key": movie.key | {"dataCollectionId": 999_999}})])


def test_a_reference_to_a_row_without_id_is_refused(database: Database, collection: Collection):
    rows = tomogram(collection)
    wrong = rows[-1].model_copy(update={"name": "wrong", "key": rows[-1].key | {"tomogramId": Ref(row="tilt")}})
    with pytest.raises(InputError, match="tilt, which has no id"):
        database.write([*rows, wrong])


def test_what_is_there_can_be_asked_for(database: Database, collection: Collection, statements: list[str]):
    assert database.find(micrograph(collection)) == {}
    ids = database.write(micrograph(collection))
    statements.clear()
    assert database.find(micrograph(collection)) == ids
    assert set(statements) == {"SELECT"}
    others = {"movie": ids["movie"]}
    assert database.find([row for row in micrograph(collection) if row.name == "movie"]) == others


def test_a_row_that_another_program_writes_meanwhile_is_found(database: Database, ispyb: Ispyb, collection: Collection):
    *rows, _, _, _ = tomogram(collection)
    *parents, tilt = rows
    ids = database.write(parents)

    def interfere(*said: object) -> None:
        if "INTO `TiltImageAlignment`" in str(said[2]) and not ispyb.rows("TiltImageAlignment", movieId=ids["movie"]):
            ispyb.execute(
                "INSERT INTO TiltImageAlignment (movieId, tomogramId) VALUES (:movie, :tomogram)",
                movie=ids["movie"],
                tomogram=ids["tomogram"],
            )

    event.listen(database.engine, "before_cursor_execute", interfere)
    database.write([*parents, tilt])
    (there,) = ispyb.rows("TiltImageAlignment", movieId=ids["movie"])
    assert there["refinedTiltAngle"] == -2


def test_deliveries_that_are_written_together_are_as_if_written_one_by_one(
    database: Database, ispyb: Ispyb, collection: Collection, statements: list[str]
):
    known, other = micrograph(collection, 1), ispyb.collection()
    ids = database.write(known)
    statements.clear()
    deliveries = [
        micrograph(collection, 2),
        micrograph(other, 2),
        [],
        micrograph(collection, 1, defocus=9000),
        micrograph(collection, 3, createdTimeStamp=None),
        # The same once more.
        micrograph(collection, 2),
        [*classes(collection), *tomogram(collection)[1:2]],
    ]
    told = database.write_together(deliveries)
    assert told[3] == ids
    assert told[0] == told[5]
    assert told == [database.write(delivery) for delivery in deliveries]
    movies = ispyb.rows("Movie", dataCollectionId=collection.id)
    assert [movie["movieNumber"] for movie in movies] == [1, 2, 3]
    for delivery, number in ((told[0], 2), (told[4], 3)):
        (motion,) = ispyb.rows("MotionCorrection", motionCorrectionId=delivery["motion"])
        assert (motion["movieId"], motion["imageNumber"]) == (delivery["movie"], number)
    ctf = ispyb.rows("CTF", autoProcProgramId=collection.program)
    assert [row["estimatedDefocus"] for row in ctf] == [9000, 12031.8, 12031.8]
    remembered = ispyb.rows("zc_ZocaloBuffer", AutoProcProgramID=collection.program)
    assert {row["UUID"]: row["Reference"] for row in remembered if row["UUID"] < 10} == {
        2: ids["motion"],
        3: ids["picker"],
        4: told[0]["motion"],
        5: told[0]["picker"],
        6: told[4]["motion"],
        7: told[4]["picker"],
    }


def test_of_many_deliveries_each_table_is_asked_and_written_a_few_times(
    database: Database, collection: Collection, statements: list[str]
):
    database.write_together([micrograph(collection, number) for number in range(1, 21)])
    # Five tables, each looked at before and after, and the locks.
    assert statements.count("SELECT") <= 13
    assert statements.count("INSERT") == 6


def test_what_is_rejected_of_one_delivery_undoes_all_that_are_written_together(
    database: Database, ispyb: Ispyb, collection: Collection
):
    wrong = [changed(row, "estimatedDefocus", 1e39) if row.table == "CTF" else row for row in micrograph(collection, 2)]
    with pytest.raises(Rejected, match=r"CTF\.estimatedDefocus"):
        database.write_together([micrograph(collection, 1), wrong])
    assert ispyb.rows("Movie", dataCollectionId=collection.id) == []
