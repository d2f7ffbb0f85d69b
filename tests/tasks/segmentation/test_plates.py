import array_api_strict
import numpy as np
import pytest

from tasks.segmentation.plates import Widths, plate_scores

SHAPE = (48, 52, 50)
WIDTHS = Widths(disc=5.0, neighbourhood=3.0)


def sheet(normal):
    axes = np.meshgrid(*[np.arange(n) - n // 2 for n in SHAPE], indexing="ij")
    unit = np.array(normal) / np.linalg.norm(normal)
    return sum(step * axis for step, axis in zip(unit, axes, strict=True))


def dark(distance):
    return (-np.exp(-(distance**2) / 2)).astype(np.float32)


@pytest.mark.parametrize("normal", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 2, -1), (-1, 0.1, 0.1), (0.3, -1, 1)])
def test_a_sheet_of_any_direction_scores_where_it_is(normal):
    distance = sheet(normal)
    scores = plate_scores(dark(distance), WIDTHS)[12:-12, 12:-12, 12:-12]
    distance = distance[12:-12, 12:-12, 12:-12]
    assert scores[np.abs(distance) < 0.6].min() > 0.15
    assert scores[np.abs(distance) > 3].max() < 0.02


def test_a_bright_sheet_and_a_dark_ball_score_less_than_a_dark_sheet():
    distance = sheet((1, 2, 3))
    best = plate_scores(dark(distance), WIDTHS)[12:-12, 12:-12, 12:-12].max()
    bright = plate_scores(-dark(distance), WIDTHS)
    axes = np.meshgrid(*[np.arange(n) - n // 2 for n in SHAPE], indexing="ij")
    ball = plate_scores(dark(np.sqrt(sum(axis**2 for axis in axes)) / 2), WIDTHS)
    assert bright[20:28, 22:30, 20:28].max() < best / 2
    assert ball.max() < best / 5


def test_any_array_library_gives_the_same():
    volume = (
        np.random.default_rng(1).normal(size=(20, 22, 24)).astype(np.float32) + dark(sheet((1, 1, 1)))[:20, :22, :24]
    )
    with array_api_strict.ArrayAPIStrictFlags(api_version="2023.12"):
        found = np.asarray(plate_scores(array_api_strict.asarray(volume), WIDTHS))
    np.testing.assert_allclose(found, plate_scores(volume, WIDTHS), atol=1e-3)
