import numpy as np
import pandas as pd
import pytest

from tasks.errors import FormatError
from tasks.formats.star import write_star
from tasks.images.orientations import Views, picture_orientations, read_views


def write(path, **columns):
    table = pd.DataFrame({"rlnImageName": [f"{row}@a.mrcs" for row in range(len(next(iter(columns.values()))))]})
    optics = pd.DataFrame({"rlnOpticsGroup": [1]})
    write_star(path, {"optics": optics, "particles": table.assign(**columns)})
    return path


def views(rot, tilt, spread=4.0, count=2000):
    random = np.random.default_rng(8)
    return Views(random.normal(rot, spread, count), random.normal(tilt, spread, count), np.ones(count, np.int64))


def most_yellow(picture):
    """Return the place that is seen most, in parts of the ellipse from its left and upper ends."""
    pixels = np.asarray(picture).astype(int)[48 : 48 + 380, 40 : 40 + 760]
    down, across = np.nonzero((pixels[..., 0] > 200) & (pixels[..., 1] > 180) & (pixels[..., 2] < 110))
    return across.mean() / 760, down.mean() / 380


def test_angles_are_read_by_class(tmp_path):
    star = write(
        tmp_path / "data.star", rlnAngleRot=[1.5, -20.0, 3.0], rlnAngleTilt=[90.0, 10.0, 30.0], rlnClassNumber=[2, 1, 2]
    )
    found = read_views(star)
    assert found.of_class(2).rot.tolist() == [1.5, 3.0]
    assert found.of_class(1).tilt.tolist() == [10.0]
    assert found.of_class(3).rot.size == 0


def test_particles_of_a_refinement_have_no_class(tmp_path):
    star = write(tmp_path / "data.star", rlnAngleRot=[1.5, 2.5], rlnAngleTilt=[90.0, 10.0])
    assert read_views(star).of_class(1).rot.tolist() == [1.5, 2.5]


def test_particles_without_angles_are_refused(tmp_path):
    star = write(tmp_path / "data.star", rlnCoordinateX=[1.5, 2.5])
    with pytest.raises(FormatError, match="rlnAngleRot and rlnAngleTilt"):
        read_views(star)


def test_angles_that_are_no_numbers_are_refused(tmp_path):
    star = write(tmp_path / "data.star", rlnAngleRot=["one", "two"], rlnAngleTilt=[90.0, 10.0])
    with pytest.raises(FormatError, match="rlnAngleRot"):
        read_views(star)


@pytest.mark.parametrize(
    ("rot", "tilt", "place"),
    [
        (0, 90, (0.5, 0.5)),
        (90, 90, (0.75, 0.5)),
        (-90, 90, (0.25, 0.5)),
        # Mollweide shows the latitude of 50 degree at sin(0.7091) of the height.
        (0, 40, (0.5, 0.5 - 0.5 * np.sin(0.7091))),
        (0, 140, (0.5, 0.5 + 0.5 * np.sin(0.7091))),
    ],
)
def test_a_direction_is_bright_where_the_map_has_it(rot, tilt, place):
    assert most_yellow(picture_orientations(views(rot, tilt))) == pytest.approx(place, abs=0.015)


def test_symmetric_copies_are_seen_too():
    around = views(30, 90), views(30, 90), views(-60, 90), views(120, 90), views(-150, 90)
    alone, *copies = (np.asarray(picture_orientations(each)).astype(int)[238, 40:800] for each in around)
    together = np.asarray(picture_orientations(around[0], "C4")).astype(int)[238, 40:800]

    def bright(row):
        return np.flatnonzero(row[:, 1] > 150)

    assert bright(alone).min() > 420, "right of the middle only"
    for copy in copies:
        assert np.median(bright(copy)) == pytest.approx(
            np.median(np.intersect1d(bright(together), bright(copy))), abs=8
        )


def test_what_is_never_seen_is_dark_and_beyond_the_map_it_is_white():
    pixels = np.asarray(picture_orientations(views(0, 90))).astype(int)
    # Between two lines of the grid, far from where all particles are.
    assert pixels[48 + 210, 40 + 50].tolist() == [24, 18, 62]
    assert pixels[50, 42].tolist() == [255, 255, 255]


def test_even_views_look_even():
    directions = np.random.default_rng(3).normal(size=(200_000, 3))
    rot = np.degrees(np.arctan2(directions[:, 1], directions[:, 0]))
    tilt = np.degrees(np.arccos(directions[:, 2] / np.linalg.norm(directions, axis=1)))
    pixels = np.asarray(picture_orientations(Views(rot, tilt, np.ones(len(rot), np.int64)))).astype(int)
    inner = pixels[48 + 60 : 48 + 320, 40 + 150 : 40 + 600]
    # Where half of the brightest colour is, but for the lines of the grid.
    assert (np.abs(inner - [30, 136, 140]).max(axis=-1) < 25).mean() > 0.9
