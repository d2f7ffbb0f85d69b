"""Rows of tilt series."""

from pathlib import Path

import pytest
from ispyb_found import TILT_MOVIES, TOMOGRAPHY, align_request, series, tilt, tilt_request

from flows.ispyb.of_tomography import tilts_of
from flows.ispyb.series import rows_of_series
from flows.ispyb.tilts import rows_of_tilt_movie


def test_each_tilt_names_the_movie_that_its_own_request_made():
    rows = {row.name: row for row in rows_of_series(align_request(), series())}
    for number, movie in enumerate(TILT_MOVIES, start=1):
        aligned = rows[f"tilt {movie.stem}"]
        mine = next(row for row in rows_of_tilt_movie([tilt_request(number)], tilt(number)) if row.table == "Movie")
        assert rows[aligned.key["movieId"].row].key == mine.key


def test_names_that_are_part_of_another_do_not_take_its_place():
    movies = {"A_1": TILT_MOVIES[0], "A_10": TILT_MOVIES[1]}
    found = series()
    tilts = tuple(
        each.model_copy(update={"name": name}) for each, name in zip(found.alignment.tilts, movies, strict=False)
    )
    files = {name: found.movies[path.stem] for name, path in movies.items()}
    alignment = found.alignment.model_copy(update={"tilts": tilts})
    rows = rows_of_series(align_request(), found.model_copy(update={"movies": files, "alignment": alignment}))
    of_tilts = {row.name: row.key["movieId"].row for row in rows if row.table == "TiltImageAlignment"}
    assert of_tilts == {f"tilt {name}": f"movie {path}" for name, path in movies.items()}


def test_a_tilt_that_was_excluded_has_no_row():
    found = series()
    left = found.alignment.model_copy(update={"tilts": found.alignment.tilts[1:]})
    rows = rows_of_series(align_request(), found.model_copy(update={"alignment": left}))
    assert sum(row.table == "TiltImageAlignment" for row in rows) == 2


def test_nothing_is_told_before_a_series_is_aligned():
    assert rows_of_series(align_request(), series().model_copy(update={"alignment": None})) == []


def test_a_series_whose_tomogram_failed_tells_its_alignment():
    found = series().model_copy(update={"tomogram": None, "denoised": None, "pictured": None})
    rows = rows_of_series(align_request(), found)
    (tomogram,) = (row for row in rows if row.table == "Tomogram")
    assert "volumeFile" not in tomogram.values
    assert tomogram.values["globalAlignmentQuality"] == 0.52
    assert tomogram.values["dataCollectionId"] == TOMOGRAPHY


def test_residuals_and_thickness_are_in_nanometre():
    (tomogram,) = (row for row in rows_of_series(align_request(), series()) if row.table == "Tomogram")
    assert tomogram.values["residualErrorMean"] == pytest.approx(0.4)
    assert tomogram.values["thickness"] == pytest.approx(25.2)


@pytest.mark.parametrize("missing", ["dcid", "appid"])
def test_a_request_that_has_no_place_in_ispyb_has_no_rows(missing):
    assert rows_of_series(align_request(**{missing: None}), series()) == []


def test_tilts_are_named_as_the_source_of_the_series_names_them():
    payload = {"tilts": [{"path": str(movie), "angle": 0.0} for movie in TILT_MOVIES]}
    assert tilts_of(payload) == {movie.stem: movie for movie in TILT_MOVIES}
    assert tilts_of({"mdoc": "/a.mdoc"}) == {}


def test_what_is_in_a_tomogram_has_rows_beside_each_other():
    labels, small = Path("/seg/a_membrane.mrc"), {"membrane": Path("/seg/a_bin4.mrc"), "tric": Path("/seg/t_bin4.mrc")}
    found = series().model_copy(update={"segmented": labels, "features": small, "picked": Path("/picks/a.cbox")})
    rows = [row for row in rows_of_series(align_request(), found) if row.table == "ProcessedTomogram"]
    told = {(row.key["processingType"], row.key["feature"]): row.values["filePath"] for row in rows}
    assert told[("Segmented", None)] == "/seg/a_membrane.mrc"
    assert told[("Feature", "Membrane")] == "/seg/a_bin4.mrc"
    assert told[("Feature", "Tric")] == "/seg/t_bin4.mrc"
    assert told[("Picked", None)] == "/picks/a.cbox"
    assert len({row.name for row in rows}) == len(rows)
