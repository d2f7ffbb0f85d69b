from typing import get_args

import pytest

from tasks.ledger import FailureKind
from tasks.ledger.policy import LONGEST_WAIT, RULES, judge, patience


def test_there_is_a_rule_for_each_kind() -> None:
    assert set(RULES) == set(get_args(FailureKind))


def test_no_rule_waits_longer_than_the_longest_wait() -> None:
    assert max(wait for rule in RULES.values() for wait in (*rule.waits, rule.pause)) <= LONGEST_WAIT
    assert max(patience(tries) or 0 for tries in range(1, 1000)) <= LONGEST_WAIT


@pytest.mark.parametrize("kind", [kind for kind in get_args(FailureKind) if not RULES[kind].pause])
def test_every_item_that_fails_is_given_up_at_last(kind: FailureKind) -> None:
    assert judge(kind, len(RULES[kind].waits)).state == "quarantined"
    assert all(judge(kind, earlier).state == "waiting" for earlier in range(len(RULES[kind].waits)))


def test_a_receiver_may_be_away_for_a_weekend() -> None:
    waits = []
    while (wait := patience(len(waits) + 1)) is not None:
        waits.append(wait)
    assert waits[:3] == [5, 10, 20]
    assert sum(waits) > 3 * 86400
