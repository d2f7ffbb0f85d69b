import numpy as np
import pytest

from tasks.ctf_estimation.tiles import defocus_offset, tile
from tasks.models import TiltGeometry


def test_tiles_cover_the_image_from_edge_to_edge():
    tiling = tile((1000, 1400), 2.0, 600.0)
    assert tiling.corners.min(axis=0).tolist() == [0, 0]
    assert (tiling.corners.max(axis=0) + tiling.side).tolist() == [1000, 1400]
    assert tiling.side % 2 == 0
    assert np.diff(np.unique(tiling.corners[:, 1])).max() <= tiling.side / 2


def test_a_tile_is_never_larger_than_the_image():
    assert tile((130, 900), 1.0, 5000.0).side == 130


def test_untilted_tiles_have_one_defocus():
    tiling = tile((1024, 1024), 1.0, 500.0)
    assert tiling.offset.tolist() == [0]
    assert set(tiling.group.tolist()) == {0}


def test_defocus_falls_with_height_where_the_handedness_is_negative():
    tilt = TiltGeometry(angle=45.0, axis_angle=0.0)
    right, left = defocus_offset(np.array([100.0, -100.0]), np.array([50.0, 50.0]), tilt, -1)
    # At the right of the axis the plane z = 0 is below the centre, by 100 angstrom times tan 45 degree.
    assert right == pytest.approx(100)
    assert left == pytest.approx(-100)
    assert defocus_offset(np.array([100.0]), np.array([50.0]), tilt, 1)[0] == pytest.approx(-100)


def test_defocus_changes_across_the_tilt_axis_only():
    tilt = TiltGeometry(angle=30.0, axis_angle=90.0)
    # The axis is turned from y to -x, so the distance from it is along y.
    offsets = defocus_offset(np.array([500.0, 0.0]), np.array([0.0, 100.0]), tilt, -1)
    assert offsets == pytest.approx([0, 100 * np.tan(np.radians(30))], abs=1e-9)


def test_tiles_of_a_tilted_image_are_grouped_by_defocus():
    tiling = tile((1024, 1024), 3.0, 600.0, TiltGeometry(angle=60.0, axis_angle=20.0))
    assert len(tiling.offset) > 10
    assert np.all(np.diff(tiling.offset) > 0)
    assert len(tiling.group) == len(tiling.corners)
