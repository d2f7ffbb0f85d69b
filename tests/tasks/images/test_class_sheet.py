import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.images.class_sheet import SIDE, class_sheet
from tasks.models import ParticleSet
from tasks.models.classes import ClassAverage, Classes2D, ClassScore


@pytest.fixture
def classes(tmp_path) -> Classes2D:
    """Two averages: a ball, and an empty one of a class without particles."""
    y, x = np.indices((24, 24)) - 12
    stack = np.stack([np.zeros((24, 24)), np.exp(-(x**2 + y**2) / 20)]).astype(np.float32)
    write_mrc(tmp_path / "classes.mrcs", stack, 4, stack=True)
    particles = ParticleSet(star=tmp_path / "a.star", count=9, box_size=24, pixel_size=4, diameter=60)
    found = (
        ClassAverage(number=1, particles=0, fraction=0),
        ClassAverage(number=2, particles=9, fraction=1, resolution=12.5),
    )
    return Classes2D(
        particles=particles,
        averages=tmp_path / "classes.mrcs",
        model=tmp_path / "model.star",
        optimiser=tmp_path / "optimiser.star",
        classes=found,
        algorithm="em",
        program="RELION 3.1.3",
    )


def test_the_best_class_comes_first_and_what_is_kept_is_framed_green(classes):
    scores = (
        ClassScore(number=1, score=0, selected=False, reason="no particles"),
        ClassScore(number=2, score=0.9, selected=True, reason="fine"),
    )
    sheet = np.asarray(class_sheet(classes, scores)).astype(int)
    frames = [sheet[11, column] for column in (11, 11 + SIDE + 16)]
    assert frames[0][1] > frames[0][0], "kept"
    assert frames[1][0] > frames[1][1], "left out"
    middle = 10 + 3 + SIDE // 2
    assert sheet[middle, middle].min() > 250, "the ball is bright in its middle"
