import numpy as np
import pytest

from tasks.models import Alignment
from tasks.tilt_series_alignment import agreement


def truth_of(simulated, folder) -> Alignment:
    return Alignment(
        tilts=tuple(tilt.alignment for tilt in simulated.truth.tilts),
        tilt_axis_angle=simulated.truth.tilt_axis_angle,
        score=1,
        transforms=folder / "ts_01.xf",
        program="truth",
    )


def spoiled(alignment: Alignment, pixels: float, turn: float = 0.0, pixel_size: float = 10.0) -> Alignment:
    random = np.random.default_rng(5)
    tilts = []
    for tilt in alignment.tilts:
        moved = np.array(tilt.displacement) + random.normal(scale=pixels * pixel_size, size=2)
        update = {"displacement": tuple(moved.tolist()), "axis_angle": tilt.axis_angle + turn}
        tilts.append(tilt.model_copy(update=update))
    axis = alignment.tilt_axis_angle + turn
    return alignment.model_copy(update={"tilts": tuple(tilts), "tilt_axis_angle": axis})


@pytest.mark.parametrize("kind", ["without_beads", "with_beads"])
def test_the_worse_the_alignment_the_lower_the_agreement(kind, request, tmp_path):
    simulated = request.getfixturevalue(kind)
    truth = truth_of(simulated, tmp_path)
    found = [agreement(simulated.series, spoiled(truth, pixels)) for pixels in (0, 0.7, 2, 6)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 1.1 * found[1] > 1.4 * found[2] > 0


@pytest.mark.parametrize("kind", ["without_beads", "with_beads"])
def test_a_tilt_axis_that_is_off_lowers_the_agreement(kind, request, tmp_path):
    simulated = request.getfixturevalue(kind)
    truth = truth_of(simulated, tmp_path)
    found = [agreement(simulated.series, spoiled(truth, 0, turn)) for turn in (0, 3, 8)]
    assert found == sorted(found, reverse=True)


def test_does_not_mind_where_in_the_tomogram_the_specimen_lies(without_beads, tmp_path):
    truth = truth_of(without_beads, tmp_path)
    lifted = []
    for tilt in truth.tilts:
        axis, lift = np.radians(tilt.axis_angle), 150 * np.sin(np.radians(tilt.angle))
        x, y = np.array(tilt.displacement) + lift * np.array([np.cos(axis), np.sin(axis)])
        lifted.append(tilt.model_copy(update={"displacement": (float(x), float(y))}))
    higher = truth.model_copy(update={"tilts": tuple(lifted)})
    assert agreement(without_beads.series, higher) == pytest.approx(agreement(without_beads.series, truth), rel=0.05)


def test_leaving_out_good_images_lowers_the_agreement(without_beads, tmp_path):
    truth = truth_of(without_beads, tmp_path)
    few = truth.model_copy(update={"tilts": truth.tilts[5:14]})
    assert agreement(without_beads.series, few) < 0.6 * agreement(without_beads.series, truth)
    none = truth.model_copy(update={"tilts": truth.tilts[:2]})
    assert agreement(without_beads.series, none) == 0
