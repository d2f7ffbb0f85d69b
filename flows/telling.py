"""How a session is, in words."""

from collections.abc import Iterable

from tasks.ledger import KindStatus, Quarantined, SessionStatus
from tasks.models import Estimate


def told(found: SessionStatus, given_up: list[Quarantined]) -> list[str]:
    """Return the lines that tell the status of a session."""
    remaining = "not known yet" if found.remaining is None else _duration(found.remaining)
    lines = [f"{found.session}: done in {remaining}" if any(kind.open for kind in found.kinds) else found.session]
    lines += [f"  {_counts(kind)}" for kind in found.kinds] or ["  nothing has arrived"]
    for item in given_up:
        log = f" (log: {item.log})" if item.log else ""
        lines.append(f"  given up: {item.kind} {item.key}: {item.reason_kind}: {item.reason}{log}")
    return lines


def agreed(estimates: Iterable[Estimate]) -> list[str]:
    """Return the lines that tell what the items of a session agree on."""
    return [f"  {_estimated(estimate)}" for estimate in estimates]


def _estimated(estimate: Estimate) -> str:
    what = estimate.name.replace("_", " ")
    if estimate.value is None:
        return f"{what}: cannot be told: {estimate.evidence}"
    doubt = f"; BUT THE PARAMETERS SAY {estimate.expected}" if estimate.agrees is False else ""
    unit = f" {estimate.unit}" if estimate.unit else ""
    sure = f"{estimate.confidence:.0%} sure, of {estimate.items} items"
    return f"{what}: {estimate.value}{unit} ({sure}: {estimate.evidence}){doubt}"


def _counts(kind: KindStatus) -> str:
    counts = ", ".join(f"{getattr(kind, state)} {state}" for state in ("waiting", "running", "done", "quarantined"))
    speed = "" if kind.duration is None else f"; {_duration(kind.duration)} each"
    rate = "" if kind.rate is None else f", {kind.rate * 3600:.0f} an hour"
    return f"{kind.kind}: {counts}{speed}{rate}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
