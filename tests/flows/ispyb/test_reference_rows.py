"""The rows that the writer which facilities have used made of the same results, column by column.

The file holds what cryoem-services 1.5.1 wrote to a real ISPyB. What we tell otherwise stands here with the reason.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ispyb_found import (
    align_request,
    batch,
    class2d_request,
    class3d_request,
    densities,
    density,
    fit_message,
    refine_request,
    series,
    spa_movie,
    spa_request,
    tilt,
    tilt_request,
)

from flows.ispyb.batches import rows_of_batch
from flows.ispyb.densities import rows_of_density
from flows.ispyb.movies import picker_of, rows_of_movie
from flows.ispyb.refinements import rows_of_bfactor_message
from flows.ispyb.series import rows_of_series
from flows.ispyb.tilts import rows_of_tilt_movie
from tasks.ispyb import Ref, Row
from tasks.models.resolution import ResolutionPoint

REFERENCE = json.loads((Path(__file__).parents[2] / "data" / "ispyb" / "reference_rows.json").read_text())
IDS = {
    "Movie": "movieId",
    "MotionCorrection": "motionCorrectionId",
    "ParticlePicker": "particlePickerId",
    "ParticleClassificationGroup": "particleClassificationGroupId",
    "ParticleClassification": "particleClassificationId",
    "CryoemInitialModel": "cryoemInitialModelId",
    "Tomogram": "tomogramId",
}
"""The tables to whose rows others refer."""

KNOWN = "it was never told, and we know it"
OTHERWISE = {
    ("MotionCorrection", "averageMotionPerFrame"): "the mean of the steps between frames, of which there is one less",
    ("TiltImageAlignment", "refinedMagnification"): "no magnification is refined here",
    ("Tomogram", "zShift"): "no such shift is found here: the volume is centred on the specimen",
    ("ProcessedTomogram", "Segmented"): "nothing is segmented here",
    ("ProcessedTomogram", "Feature"): "nothing is segmented here",
    ("ProcessedTomogram", "Picked"): "nothing is picked in tomograms here",
    ("ParticleClassification_has_CryoemInitialModel", "of the first class"): "it comes with the row of the model",
    ("Movie", "numberOfFrames"): KNOWN,
    ("Movie", "fluence"): KNOWN,
    ("Movie", "angle"): KNOWN,
    ("MotionCorrection", "comments"): KNOWN,
    ("CTF", "comments"): KNOWN,
    ("TiltImageAlignment", "defocusU"): KNOWN,
    ("TiltImageAlignment", "defocusV"): KNOWN,
    ("TiltImageAlignment", "psdFile"): KNOWN,
    ("TiltImageAlignment", "resolution"): KNOWN,
    ("TiltImageAlignment", "fitQuality"): KNOWN,
    ("TiltImageAlignment", "residualError"): KNOWN,
    ("Tomogram", "residualErrorMean"): KNOWN,
    ("Tomogram", "residualErrorSD"): KNOWN,
}
"""What is told otherwise, by table and column or kind of row, and why."""


def of_refinement(picker: str) -> list[Row]:
    """All rows of a refined density but that of one of its parts, which the reference has not been told of."""
    part = ResolutionPoint(particles=2000, resolution=4.5)
    found = density(picker=picker).model_copy(update={"parts": (part,), "sizes": (part.particles,)})
    rows = rows_of_bfactor_message(fit_message(), [refine_request()], found)
    return [row for row in rows if row.key.get("numberOfParticles") != part.particles]


@pytest.fixture
def rows() -> list[Row]:
    """All rows of one session of single particles and of one tilt series."""
    picked = picker_of([spa_request()], spa_movie())
    assert picked
    picker = picked[0].row
    return [
        *rows_of_movie([spa_request()], spa_movie()),
        *rows_of_batch([class2d_request()], batch(picker)),
        *rows_of_density([class3d_request()], densities(picker)),
        *of_refinement(picker),
        *(
            row
            for number in (1, 2, 3)
            for row in renamed(rows_of_tilt_movie([tilt_request(number)], tilt(number)), number)
        ),
        *rows_of_series(align_request(), series()),
    ]


def renamed(rows: Sequence[Row], number: int) -> list[Row]:
    """Return the rows of a delivery with names that no other delivery has."""

    def other(value: object) -> object:
        return Ref(row=f"{value.row} {number}") if isinstance(value, Ref) else value

    return [
        row.model_copy(
            update={
                "name": f"{row.name} {number}",
                "key": {name: other(value) for name, value in row.key.items()},
                "values": {name: other(value) for name, value in row.values.items()},
            }
        )
        for row in rows
    ]


def told(rows: Sequence[Row]) -> dict[str, list[dict[str, object]]]:
    """Return what would stand in the tables: rows of one key are one, and ids are those of the reference, in order."""
    tables: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    keys: dict[tuple[str, str], dict[str, object]] = {}
    ids: dict[str, object] = {}
    for row in rows:
        key = resolved(row.key, ids)
        there = keys.setdefault((row.table, json.dumps(key)), {})
        if not there:
            tables[row.table].append(there)
        there |= key | {name: value for name, value in resolved(row.values, ids).items() if value is not None}
        if row.table in IDS:
            place = next(n for n, each in enumerate(tables[row.table]) if each is there)
            ids[row.name] = REFERENCE[row.table][place][IDS[row.table]]
    return tables


def resolved(columns: Mapping[str, object], ids: Mapping[str, object]) -> dict[str, object]:
    return {name: ids[value.row] if isinstance(value, Ref) else value for name, value in columns.items()}


def differences(ours: Mapping[str, object], theirs: Mapping[str, object], identity: str | None) -> set[str]:
    columns = {name for name in {*ours, *theirs} - {identity} if ours.get(name) is not None or name in theirs}
    return {name for name in columns if not same(ours.get(name), theirs.get(name))}


def same(ours: object, theirs: object) -> bool:
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return ours == pytest.approx(theirs, rel=1e-6)
    return ours == theirs


def of_kind(rows: Sequence[Mapping[str, object]]) -> dict[object, Mapping[str, object]]:
    return {row["processingType"]: row for row in rows}


def test_every_column_is_as_the_reference_has_it_but_for_what_stands_here_with_a_reason(rows):
    found, otherwise = told(rows), set()
    assert found.keys() == REFERENCE.keys() - {"zc_ZocaloBuffer"}
    for table, theirs in REFERENCE.items():
        if table in {"zc_ZocaloBuffer", "ProcessedTomogram", "CryoemInitialModel", *LINKS}:
            continue
        identity = IDS.get(table, f"{table[0].lower()}{table[1:]}Id")
        identity = {"CTF": "ctfId", "BFactorFit": "bFactorFitId"}.get(table, identity)
        assert len(found[table]) == len(theirs), table
        for ours, reference in zip(found[table], theirs, strict=True):
            otherwise |= {(table, column) for column in differences(ours, reference, identity)}
    ours, theirs = of_kind(found["ProcessedTomogram"]), of_kind(REFERENCE["ProcessedTomogram"])
    otherwise |= {("ProcessedTomogram", str(kind)) for kind in theirs.keys() - ours.keys()}
    assert ours.keys() <= theirs.keys()
    assert all(not differences(ours[kind], theirs[kind], "processedTomogramId") for kind in ours)
    otherwise |= {(LINKS[0], "of the first class")}
    assert otherwise == OTHERWISE.keys()


LINKS = ("ParticleClassification_has_CryoemInitialModel",)


def test_the_first_density_is_that_of_both_classes(rows):
    found = told(rows)
    (model,), links = found["CryoemInitialModel"], found[LINKS[0]]
    assert {name: model[name] for name in ("resolution", "numberOfParticles")} == {
        "resolution": 15.2,
        "numberOfParticles": 30000,
    }
    first = {"particleClassificationId": model["particleClassificationId"], "cryoemInitialModelId": 1}
    assert [first, *links] == REFERENCE[LINKS[0]]


def test_murfey_finds_the_same_rows_by_its_numbers(rows):
    ids = {row.name: place for row, place in named(rows)}
    found = {(row.program, row.uuid, ids[row.name]) for row in rows if row.uuid is not None}
    expected = {(each["AutoProcProgramID"], each["UUID"], each["Reference"]) for each in REFERENCE["zc_ZocaloBuffer"]}
    assert found == expected


def named(rows: Sequence[Row]) -> list[tuple[Row, object]]:
    places: defaultdict[str, list[str]] = defaultdict(list)
    found = []
    for row in rows:
        if row.table in IDS and row.uuid is not None:
            places[row.table].append(row.name)
            found.append((row, REFERENCE[row.table][len(places[row.table]) - 1][IDS[row.table]]))
    return found
