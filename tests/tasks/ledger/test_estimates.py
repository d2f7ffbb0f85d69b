from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.ledger import (
    Arrival,
    Claimer,
    Ledger,
    Session,
    arrive,
    begun_items,
    claim,
    freeze,
    frozen,
    open_session,
    thaw,
)
from tasks.models import Estimate


@pytest.fixture
def session(ledger: Ledger) -> str:
    return open_session(ledger, Session(name="grid", kind="tomography", folder=Path("/data/grid"))).name


def axis(value: float) -> Estimate:
    return Estimate(name="tilt_axis", value=value, unit="degree", confidence=0.9, items=3, evidence="3 series")


def test_the_first_estimate_stays(ledger: Ledger, session: str) -> None:
    assert frozen(ledger, session) == {}
    assert freeze(ledger, session, axis(84.2)) == axis(84.2)
    assert freeze(ledger, session, axis(30.0)) == axis(84.2)
    assert frozen(ledger, session) == {"tilt_axis": axis(84.2)}


def test_an_estimate_is_forgotten_only_on_purpose(ledger: Ledger, session: str) -> None:
    freeze(ledger, session, axis(84.2))
    assert thaw(ledger, session) == 1
    assert freeze(ledger, session, axis(30.0)) == axis(30.0)


def test_sessions_settle_for_themselves(ledger: Ledger, session: str) -> None:
    open_session(ledger, Session(name="other", kind="tomography", folder=Path("/data/other")))
    freeze(ledger, session, axis(84.2))
    assert frozen(ledger, "other") == {}
    with pytest.raises(InputError, match="session nonesuch: not in the ledger"):
        freeze(ledger, "nonesuch", axis(84.2))


def test_items_are_begun_when_somebody_takes_them(ledger: Ledger, session: str) -> None:
    arrive(ledger, [Arrival(session=session, kind="tilt_series", key=key) for key in "abc"])
    claim(ledger, Claimer(owner="worker", kinds=("tilt_series",), order="oldest"), 2)
    assert begun_items(ledger, session, "tilt_series") == ["a", "b"]
