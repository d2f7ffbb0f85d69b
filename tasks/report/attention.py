"""What somebody should look at, in words, most urgent first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tasks.ledger import KindStatus, Pause
from tasks.report.facts import FailedItem, GivenUp, RunningItem
from tasks.report.findings import Findings
from tasks.report.words import counted, duration, kinds_of

_GRACE = 60.0
"""Seconds that the sweep may take to find a lease that has run out."""


def attention(
    kinds: Sequence[KindStatus],
    pauses: Sequence[Pause],
    running: Sequence[RunningItem],
    failed: Sequence[FailedItem],
    given_up: Sequence[GivenUp],
) -> Iterator[str]:
    """Say what keeps the session from being done, and what was given up."""
    for pause in pauses:
        yield f"Pool {pause.pool} pauses for another {duration(pause.remaining)}: {pause.kind}: {pause.reason}"
    ready = sum(kind.waiting for kind in kinds) - sum(item.wait > 0 for item in failed)
    if ready > 0 and not running:
        yield f"{counted(ready, 'item')} could be worked on, but nobody does: is a worker running?"
    silent = [item for item in running if item.overdue > _GRACE]
    if silent:
        longest = max(item.overdue for item in silent)
        owners = ", ".join(sorted({item.owner for item in silent}))
        yield (
            f"{counted(len(silent), 'item')} taken by {owners} without a sign of life for {duration(longest)} after "
            "the lease ran out: is the sweep running?"
        )
    if given_up:
        yield f"{kinds_of(given_up)} given up ({_reasons(given_up)})"
    if failed:
        yield f"{kinds_of(failed)} failed and will be tried again ({_reasons(failed)})"


def misunderstood(*steps: Findings[Any]) -> Iterator[str]:
    """Say which results another version wrote."""
    for step in steps:
        if step.unreadable:
            yield f"{counted(len(step.unreadable), 'result')} of {step.step} written by another version, not shown"


def _reasons(items: Sequence[GivenUp] | Sequence[FailedItem]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in Counter(item.reason_kind for item in items).most_common())
