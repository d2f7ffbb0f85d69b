import pytest

from tasks.ledger import Claimer, Ledger, attended, sign_off, sign_on


def run(owner: str, session: str | None = "grid") -> Claimer:
    return Claimer(owner=owner, kinds=("movie", "tilt_series"), session=session)


def test_who_has_signed_on_attends_until_signing_off(ledger: Ledger) -> None:
    sign_on(ledger, run("a"))
    sign_on(ledger, run("a"))
    sign_on(ledger, run("b"))
    assert attended(ledger, "grid", "movie") == 2
    sign_off(ledger, "a")
    assert attended(ledger, "grid", "movie") == attended(ledger, "grid", "tilt_series") == 1
    assert attended(ledger, "grid", "tilt_movie") == attended(ledger, "other", "movie") == 0


def test_who_works_for_all_sessions_attends_to_each(ledger: Ledger) -> None:
    sign_on(ledger, run("a", session=None))
    assert attended(ledger, "grid", "movie") == attended(ledger, "other", "movie") == 1


@pytest.mark.parametrize("jump", [60, -80])
def test_who_gives_no_sign_of_life_does_not_count(ledger: Ledger, clock, jump: float) -> None:
    sign_on(ledger, run("a"))
    clock.advance(30)
    assert attended(ledger, "grid", "movie") == 1
    sign_on(ledger, run("a"))
    clock.advance(30)
    assert attended(ledger, "grid", "movie") == 1
    clock.advance(jump)
    assert attended(ledger, "grid", "movie") == 0
