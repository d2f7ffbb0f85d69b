"""Rows of movies of single particles."""

from pathlib import Path

import pytest
from ispyb_found import COLLECTION, PREPROCESS, spa_movie, spa_request, tilt, tilt_request

from flows.ispyb.exposures import movie_file
from flows.ispyb.movies import picker_of, rows_of_movie
from flows.ispyb.tilts import rows_of_tilt_movie
from tasks.ispyb import Row
from tasks.motion_correction import EmbeddedMotion, MotionCor3


def of_table(rows: list[Row], table: str) -> list[Row]:
    return [row for row in rows if row.table == table]


def test_a_micrograph_without_particles_has_a_row_that_says_so():
    movie = spa_movie()
    none = movie.model_copy(update={"picks": movie.picks.model_copy(update={"count": 0})})
    (picker,) = of_table(rows_of_movie([spa_request()], none), "ParticlePicker")
    assert picker.values["numberOfParticles"] == 0


def test_a_movie_that_is_announced_again_keeps_its_rows_and_is_known_by_both_numbers():
    requests = [spa_request(), spa_request(mc_uuid=201, picker_uuid=202, image_number=7)]
    rows = rows_of_movie(requests, spa_movie())
    for table, uuids in (("MotionCorrection", [101, 201]), ("ParticlePicker", [102, 202])):
        first, again = of_table(rows, table)
        assert [first.uuid, again.uuid] == uuids
        assert (first.key, first.values) == (again.key, again.values)
    assert {row.values["imageNumber"] for row in of_table(rows, "MotionCorrection")} == {1}
    assert len({row.name for row in rows}) == len(rows)


def test_two_programs_have_rows_of_their_own_for_one_movie():
    rows = rows_of_movie([spa_request(), spa_request(autoproc_program_id=9, mc_uuid=900)], spa_movie())
    assert {row.key["autoProcProgramId"] for row in of_table(rows, "CTF")} == {PREPROCESS, 9}
    movies = of_table(rows, "Movie")
    assert movies[0].key == movies[1].key


def test_a_movie_that_was_given_up_is_there_all_the_same():
    nothing = spa_movie().model_copy(update={"motion": None, "ctf": None, "ice": None, "picks": None})
    rows = rows_of_movie([spa_request()], nothing)
    assert [row.table for row in rows] == ["Movie"]
    assert rows[0].key["dataCollectionId"] == COLLECTION


def test_an_image_that_was_summed_already_has_no_motion_but_all_else():
    image = spa_movie().model_copy(update={"motion": None})
    rows = rows_of_movie([spa_request()], image)
    (motion,) = of_table(rows, "MotionCorrection")
    assert motion.values["micrographFullPath"] == str(image.file.path)
    assert not {"totalMotion", "lastFrame"} & motion.values.keys()
    assert {row.table for row in rows} >= {"CTF", "RelativeIceThickness", "ParticlePicker"}


@pytest.mark.parametrize("missing", ["dcid", "autoproc_program_id"])
def test_a_request_that_has_no_place_in_ispyb_has_no_rows(missing):
    request = spa_request(**{missing: None})
    assert rows_of_movie([request], spa_movie()) == []
    assert picker_of([request], spa_movie()) is None


def test_frames_that_were_left_out_count_in_the_movie_and_not_in_the_motion():
    rows = rows_of_movie(
        [spa_request()], spa_movie().model_copy(update={"corrector": MotionCor3(skip_first=2, skip_last=1)})
    )
    (movie,), (motion,) = of_table(rows, "Movie"), of_table(rows, "MotionCorrection")
    assert (motion.values["firstFrame"], motion.values["lastFrame"]) == (3, 42)
    assert movie.values["numberOfFrames"] == 43
    assert movie.values["fluence"] == pytest.approx(43 * 1.25)


def test_motion_that_is_the_same_everywhere_is_that_of_one_patch():
    tilted = tilt(1).model_copy(update={"corrector": EmbeddedMotion()})
    (motion,) = of_table(rows_of_tilt_movie([tilt_request(1)], tilted), "MotionCorrection")
    assert (motion.values["patchesUsedX"], motion.values["patchesUsedY"]) == (1, 1)


def test_a_movie_is_dated_by_its_file(tmp_path):
    file = tmp_path / "movie.tiff"
    file.touch()
    taken = movie_file(file).taken
    assert taken
    assert taken.timestamp() == pytest.approx(file.stat().st_mtime)
    assert movie_file(Path("/nowhere/movie.tiff")).taken is None
