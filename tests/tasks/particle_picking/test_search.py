import numpy as np

from tasks.numerics.peaks import Peaks
from tasks.particle_picking.profile import disc
from tasks.particle_picking.search import Found


def found(heights, threshold):
    return Found(Peaks(np.zeros((len(heights), 2)), np.array(heights, float)), threshold, disc(8))


def test_many_picks_of_noise_are_less_evidence_than_a_few_particles():
    assert found([3.9] * 200, 3.5).evidence < found([8.0] * 8, 5).evidence


def test_more_particles_and_higher_ones_are_more_evidence():
    few, more, higher = found([6.0] * 8, 5), found([6.0] * 16, 5), found([9.0] * 8, 5)
    assert few.evidence < more.evidence
    assert few.evidence < higher.evidence


def test_nothing_above_the_threshold_is_no_evidence():
    assert found([4.9] * 10, 5).evidence == 0


def test_a_spot_that_is_far_too_high_does_not_decide():
    assert found([6.0] * 8 + [500.0], 5).evidence < 2 * found([6.0] * 9, 5).evidence
