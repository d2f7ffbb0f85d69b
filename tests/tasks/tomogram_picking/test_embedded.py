import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from tasks.errors import InputError
from tasks.formats.coordinates import read_tomogram_coordinates
from tasks.formats.mrc import read_volume, write_mrc
from tasks.formats.star import read_table
from tasks.tomogram_picking import EmbeddedTomogramPicking
from tasks.tomogram_picking.search import ball, resemblance

TOOL = EmbeddedTomogramPicking(diameter=240)


@pytest.mark.parametrize("seed", [801, 802])
def test_finds_balls_and_little_else(filled, tmp_path, seed):
    made = filled(seed)
    picks = TOOL.pick("ts_01", made.tomogram, tmp_path / "out")
    recall, precision = made.judged(picks)
    assert recall > 0.9
    assert precision > 0.85
    assert picks.program.startswith("cryoem-flows ")


def test_the_scale_of_a_volume_and_its_offset_do_not_matter(filled, tmp_path):
    made = filled(803)
    picks = TOOL.pick("ts_01", made.tomogram, tmp_path / "out")
    write_mrc(made.tomogram.path, 1e-3 * read_volume(made.tomogram.path) + 5, 20.0)
    again = TOOL.pick("ts_01", made.tomogram, tmp_path / "again")
    places = [read_tomogram_coordinates(found.coordinates)[0] for found in (picks, again)]
    np.testing.assert_allclose(places[0], places[1], atol=2)


def test_bright_particles_are_found_when_asked_for(filled, tmp_path):
    made = filled(804, scale=-1)
    bright = TOOL.model_copy(update={"contrast": "bright"}).pick("ts_01", made.tomogram, tmp_path / "out")
    assert made.judged(bright)[0] > 0.95


def test_binning_keeps_the_places(filled, tmp_path):
    made = filled(805)
    whole = TOOL.pick("ts_01", made.tomogram, tmp_path / "whole")
    split = read_volume(made.tomogram.path).repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    write_mrc(tmp_path / "split.mrc", split, 10.0)
    finer = made.tomogram.model_copy(update={"path": tmp_path / "split.mrc", "voxel_size": 10.0, "shape": split.shape})
    places = [
        read_tomogram_coordinates(picks.coordinates)[0]
        for picks in (whole, TOOL.pick("ts_01", finer, tmp_path / "finer"))
    ]
    # The middle of n voxels is voxel n // 2, which is not the same place for twice as many.
    np.testing.assert_allclose(places[1] - places[0], np.broadcast_to((5, -5, 5), places[0].shape), atol=0.1)


def test_noise_has_no_particles_and_that_is_a_result(filled, tmp_path):
    picks = TOOL.pick("ts_01", filled(806, count=0).tomogram, tmp_path / "out")
    assert picks.count == 0
    assert read_tomogram_coordinates(picks.coordinates)[0].shape == (0, 3)


def test_gold_is_not_picked_and_what_is_beside_it_is_said_to_be_left_out(filled, tmp_path):
    made = filled(807, gold=8)
    picks = TOOL.pick("ts_01", made.tomogram, tmp_path / "out")
    assert made.judged(picks)[1] > 0.85
    assert 0.005 < picks.excluded < 0.2


def test_coordinates_are_those_of_relion_5_with_the_best_first(filled, tmp_path):
    made = filled(808)
    picks = TOOL.pick("ts_01", made.tomogram, tmp_path / "out")
    table = read_table(picks.coordinates, "particles")
    axes = [f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ"]
    assert list(table) == ["rlnTomoName", *axes, "rlnAutopickFigureOfMerit"]
    assert set(table["rlnTomoName"]) == {"ts_01"}
    assert table["rlnAutopickFigureOfMerit"].is_monotonic_decreasing
    assert len(table) == picks.count


def test_the_picture_marks_the_particles_of_the_fullest_slab(filled, tmp_path):
    picks = TOOL.pick("ts_01", filled(809).tomogram, tmp_path / "out")
    picture = np.asarray(Image.open(picks.diagnostic)).astype(int)
    assert picture.shape == (121, 112, 3)
    assert np.count_nonzero(picture[..., 1] - picture[..., 0] > 60) > 100


def test_a_threshold_that_is_given_is_kept(filled, tmp_path):
    made = filled(810)
    few = TOOL.model_copy(update={"threshold": 12.0}).pick("ts_01", made.tomogram, tmp_path / "out")
    assert few.threshold == 12
    assert few.count < TOOL.pick("ts_01", made.tomogram, tmp_path / "all").count


def test_a_diameter_must_be_given():
    with pytest.raises(ValidationError, match="diameter"):
        EmbeddedTomogramPicking.model_validate({"tool": "embedded"})


def test_refuses_a_tomogram_thinner_than_a_particle(filled, tmp_path):
    with pytest.raises(InputError, match="112 x 121 x 60 voxels of 20 angstrom; expected more than a particle of 1300"):
        EmbeddedTomogramPicking(diameter=1300).pick("ts_01", filled(812, count=1).tomogram, tmp_path)


def test_refuses_voxels_that_are_not_numbers_and_an_even_volume(filled, tmp_path):
    made = filled(813, count=1)
    with made.tomogram.path.open("r+b") as file:
        file.seek(1024 + 400)
        file.write(np.float32(np.nan).tobytes())
    with pytest.raises(InputError, match="not finite"):
        TOOL.pick("ts_01", made.tomogram, tmp_path / "out")
    write_mrc(made.tomogram.path, np.ones(made.tomogram.shape, np.float32), 20.0)
    with pytest.raises(InputError, match="the same value 1 in all voxels"):
        TOOL.pick("ts_01", made.tomogram, tmp_path / "out")


def test_blocks_have_no_seams(monkeypatch):
    volume = np.random.default_rng(814).normal(size=(40, 70, 50)).astype(np.float32)
    whole = resemblance(volume, 4.0, "cpu")
    monkeypatch.setattr("tasks.tomogram_picking.search._BLOCK", 24)
    np.testing.assert_allclose(resemblance(volume, 4.0, "cpu"), whole, atol=1e-5)


def test_a_ball_has_a_mean_of_zero_and_is_inside_one_brighter_than_around():
    drawn = ball(4.0, (30, 30, 30))
    assert drawn.sum() == pytest.approx(0, abs=1e-5)
    assert drawn[0, 0, 3] == drawn[3, 0, 0] > 0 > drawn[0, 5, 0]
