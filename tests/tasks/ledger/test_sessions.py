from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.ledger import Ledger, Session, all_sessions, find_session, open_session, set_parameters


def session(**changes: object) -> Session:
    return Session(name="grid", kind="tomography", folder=Path("/data/grid")).model_copy(update=changes)


def test_a_session_is_opened_once(ledger: Ledger) -> None:
    assert open_session(ledger, session(parameters={"binning": 4})) == session()
    assert all_sessions(ledger) == [session()]


def test_a_session_of_the_same_name_elsewhere_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="session grid: tomography in /data/other"):
        open_session(ledger, session(folder=Path("/data/other")))


def test_parameters_are_changed_deliberately(ledger: Ledger) -> None:
    set_parameters(ledger, session(parameters={"binning": 4}, identifiers={"murfey": 7}))
    assert find_session(ledger, "grid") == session(parameters={"binning": 4}, identifiers={"murfey": 7})


def test_an_unknown_session_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="session other: not in the ledger"):
        find_session(ledger, "other")
    with pytest.raises(InputError, match="session other: not in the ledger"):
        set_parameters(ledger, session(name="other"))


def test_the_newest_session_comes_first(ledger: Ledger) -> None:
    open_session(ledger, session(name="next"))
    assert [found.name for found in all_sessions(ledger)] == ["next", "grid"]
