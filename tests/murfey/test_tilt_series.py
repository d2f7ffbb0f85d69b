from random import Random

import pytest
from murfey.rig import Rig, undelivered

from tasks.ledger import requests_for, status

SESSION = "cm12345-1-raw2"
ANGLES = [0.0, 3.0, -3.0, -6.0, 6.0]


def begin(rig: Rig, names: list[str]):
    group = rig.murfey.tomography()
    for name in names:
        group.tilt(name)
    group.mdoc("Position_1", len(names))
    return group


def ends_well(rig: Rig) -> None:
    assert rig.murfey.dead == []
    assert undelivered(rig.ledger) == {}
    assert all(kind.open == 0 for kind in status(rig.ledger, SESSION).kinds)


def test_a_series_goes_from_its_first_tilt_to_a_late_one(rig, tilts):
    group = begin(rig, tilts(ANGLES))
    rig.run()
    ends_well(rig)
    assert rig.asked() == {"em-tomo-preprocess": 5, "em-tomo-align": 1}
    assert rig.done["tilt_series"] == 1

    group.late_tilt(*tilts([9.0], first=6))
    rig.run()
    assert rig.done["tilt_series"] == 1
    group.mdoc("Position_1", 6)
    rig.run()
    ends_well(rig)
    assert rig.asked() == {"em-tomo-preprocess": 6, "em-tomo-align": 2}
    assert rig.done["tilt_series"] == 2
    assert len(rig.told("motion_corrected")) == 6
    assert group.series["Position_1"].processing_requested


def test_several_series_in_any_order_each_have_a_tomogram(rig, tilts):
    rig.random, rig.crashes, rig.deliveries = Random(4), True, 2
    group = begin(rig, tilts(ANGLES))
    for name in tilts(ANGLES, "Position_2", first=11):
        group.tilt(name)
    rig.run()
    group.mdoc("Position_2", 5)
    rig.run()
    ends_well(rig)
    assert rig.asked() == {"em-tomo-preprocess": 10, "em-tomo-align": 2}
    assert rig.done["tilt_series"] == 2
    assert len(rig.told("motion_corrected")) == 10


def test_a_tilt_that_is_given_up_does_not_hold_its_series(rig, tilts):
    names = tilts(ANGLES)
    rig.fail("tilt_movie", unless=lambda lease: not lease.key.endswith(names[2]))
    begin(rig, names)
    rig.run()
    ends_well(rig)
    assert len(rig.told("motion_corrected")) == 5
    assert rig.done["tilt_series"] == 1


def test_a_series_that_is_given_up_is_no_secret(rig, tilts):
    rig.fail("tilt_series")
    begin(rig, tilts(ANGLES))
    rig.run()
    ends_well(rig)
    (kind,) = [kind for kind in status(rig.ledger, SESSION).kinds if kind.kind == "tilt_series"]
    assert kind.quarantined == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_a_series_may_be_asked_for_before_its_tilts_are_known(rig, tilts, seed):
    rig.random = Random(seed)
    group = begin(rig, tilts(ANGLES))
    rig.run()
    (asked,) = requests_for(rig.ledger, SESSION, "em-tomo-align")
    assert asked.times == 1
    assert group.series["Position_1"].processing_requested
    ends_well(rig)
