"""What somebody should look at, in words, most urgent first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tasks.ledger import KindStatus, Pause
from tasks.report.facts import Attention, FailedItem, GivenUp, RunningItem, SeriesFacts
from tasks.report.findings import Findings
from tasks.report.particle_facts import BatchFacts, DensityFacts
from tasks.report.words import counted, duration, kinds_of, step_words

_GRACE = 60.0
"""Seconds that the sweep may take to find a lease that has run out."""


def attention(
    kinds: Sequence[KindStatus],
    pauses: Sequence[Pause],
    running: Sequence[RunningItem],
    failed: Sequence[FailedItem],
    given_up: Sequence[GivenUp],
) -> Iterator[Attention]:
    """Say what keeps the session from being done, and what was given up."""
    for pause in pauses:
        words = f"Pool {pause.pool} pauses for another {duration(pause.remaining)}: {pause.kind}: {pause.reason}"
        yield Attention(words=words, part="progress")
    ready = sum(kind.waiting for kind in kinds) - sum(item.wait > 0 for item in failed)
    if ready > 0 and not running:
        yield Attention(words=f"{counted(ready, 'item')} could be done, but nobody is at work", part="progress")
    if silent := [item for item in running if item.overdue > _GRACE]:
        yield Attention(words=_silence(silent), part="running")
    if given_up:
        yield Attention(words=f"{kinds_of(given_up)} given up ({_reasons(given_up)})", part="given-up")
    if failed:
        words = f"{kinds_of(failed)} failed and will be tried again ({_reasons(failed)})"
        yield Attention(words=words, part="failed")


def misunderstood(steps: Sequence[Findings[Any]], part: str) -> Iterator[Attention]:
    """Say which results that a part of the page tells of were written by another version."""
    for step in steps:
        if step.unreadable:
            words = f"{counted(len(step.unreadable), 'result')} of {step_words(step.step)} of another version"
            yield Attention(words=f"{words} cannot be shown", part=part)


def lacks(series: Sequence[SeriesFacts]) -> Iterator[Attention]:
    """Say which steps failed of tilt series that are done all the same."""
    for step, count in Counter(lack.step for one in series for lack in one.lacking).items():
        yield Attention(words=f"No {step} of {count} of {len(series):,} tilt series", part="series")


def doubts(batches: Sequence[BatchFacts], densities: Sequence[DensityFacts]) -> Iterator[Attention]:
    """Say which results are not what they should be, though nothing failed."""
    for density in densities:
        if density.refinement and density.refinement.doubt:
            words = f"The resolution of the density of {density.name} is in doubt: {density.refinement.doubt}"
            yield Attention(words=words, part=f"density-{density.key}")
    for batch in batches:
        if batch.kept == 0:
            yield Attention(words=f"No particles of batch {batch.key} are kept: {batch.why}", part="classes")


def _silence(items: Sequence[RunningItem]) -> str:
    """Say whose leases have run out: the sweep should have given the items to others."""
    owners = ", ".join(sorted({item.owner for item in items}))
    longest = duration(max(item.overdue for item in items))
    return f"{counted(len(items), 'lease')} of {owners} ran out up to {longest} ago: no sign of life, and no sweep"


def _reasons(items: Sequence[GivenUp] | Sequence[FailedItem]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in Counter(item.reason_kind for item in items).most_common())
