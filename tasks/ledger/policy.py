"""What becomes of failed items and messages: how long to wait, how often to try, when to give up."""

from dataclasses import dataclass

from tasks.ledger.models import FailureKind, Verdict

MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True)
class Rule:
    """How one kind of failure is treated."""

    waits: tuple[float, ...] = ()
    """Seconds before each further try; one more failure of the kind is quarantine."""
    pause: float = 0.0
    """If positive: the item is blameless; its pool pauses for these seconds and the failure is not counted."""


RULES: dict[FailureKind, Rule] = {
    # A file may be late by the time of a slow network copy; after two hours somebody should look.
    "missing-input": Rule(waits=(10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR)),
    # The flow sees how often it happened and takes a larger machine or bins more.
    "out-of-memory": Rule(waits=(0, 0)),
    # Mostly a machine's fault, so again at once; but an item that kills its workers must not do so for ever.
    "lost-worker": Rule(waits=(0, 0, 10, MINUTE, 5 * MINUTE)),
    # A machine's fault: others may take the item meanwhile, and until it is mended no session must be given up. A pause
    # would hold up sessions that need no GPU.
    "no-gpu": Rule(waits=(10, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR)),
    "bad-data": Rule(),
    "tool-error": Rule(waits=(30, 2 * MINUTE, 10 * MINUTE)),
    "no-licence": Rule(pause=5 * MINUTE),
    "disk-full": Rule(pause=2 * MINUTE),
}

LONGEST_WAIT = HOUR
"""No rule waits longer. A longer wait in the database is a clock that was wrong, and is cut short."""

_LONGEST_SILENCE = 10 * MINUTE
_TRIES = 600


def judge(kind: FailureKind, earlier: int) -> Verdict:
    """Say what becomes of an item that has failed in this way ``earlier`` times before."""
    rule = RULES[kind]
    if rule.pause:
        return Verdict(state="waiting", pause=rule.pause)
    if earlier < len(rule.waits):
        return Verdict(state="waiting", wait=rule.waits[earlier])
    return Verdict(state="quarantined")


def patience(tries: int) -> float | None:
    """Return the seconds before a message is sent again after so many failed tries, or None to give up.

    The wait doubles from 5 s to 10 min; a receiver may be away for four days.
    """
    return None if tries >= _TRIES else min(5.0 * 2 ** min(tries - 1, 10), _LONGEST_SILENCE)
