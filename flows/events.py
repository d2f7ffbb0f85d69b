"""Prefect events that say what has arrived: automations start flows by them, people read them in the event feed.

They may be lost, so nothing relies on them: what has arrived stands in the ledger, and a sweep finds it there.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from prefect.events import emit_event
from pydantic import JsonValue

from tasks.ledger import Arrival, Ledger, Waiting, attended, waiting
from tasks.settings import site

_SHOWN = 5


def announce(ledger: Ledger, arrivals: Sequence[Arrival]) -> None:
    """Emit an event for each tilt series, and one for all else of a kind that arrived together.

    A server takes some ten events in a second; a session that is found complete has some ten thousand movies. Each says
    whether somebody attends to such items of the session already, so that no run is started for nothing.
    """
    groups: defaultdict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        groups[arrival.session, arrival.kind].append(arrival)
    for (session, kind), group in groups.items():
        present = is_attended(ledger, session, kind)
        if kind == "tilt_series":
            for arrival in group:
                _emit(session, kind, _of_series(arrival), attended=present)
        else:
            _emit(session, kind, _of_files(group), attended=present)


def remind(found: Waiting) -> None:
    """Emit an event for items that wait and to which nobody attends."""
    _emit(found.session, found.kind, {"count": found.items}, attended=False, what="waiting")


def remind_of(ledger: Ledger, session: str, kind: str) -> None:
    """Look once more, after a run has signed off: what came at the last moment must not be left alone."""
    left = [found for found in waiting(ledger) if (found.session, found.kind) == (session, kind)]
    for found in left:
        if not is_attended(ledger, session, kind):
            remind(found)


def is_attended(ledger: Ledger, session: str, kind: str) -> bool:
    """Tell whether as many runs as the site wants attend to items of a kind in a session."""
    return attended(ledger, session, kind) >= site().runs_per_session


def _of_series(arrival: Arrival) -> dict[str, JsonValue]:
    """Say what a person wants to know of a tilt series."""
    payload = arrival.payload
    counted = {"tilts": "movies", "missing": "missing", "broken": "broken"}
    counts = {told: len(names) for told, name in counted.items() if isinstance(names := payload.get(name), list)}
    said = {told: payload[name] for told, name in (("mdoc", "mdoc"), ("folder", "frames")) if name in payload}
    return {"name": payload["name"], **counts, **said}


def _of_files(group: Sequence[Arrival]) -> dict[str, JsonValue]:
    """Say how many files, or what is made of them, have arrived, and name the newest."""
    newest = Path(group[-1].key)
    names: list[JsonValue] = [Path(arrival.key).name for arrival in group[-_SHOWN:]]
    where = {"folder": str(newest.parent)} if newest.is_absolute() else {}
    return {"count": len(group), "newest": names, **where}


def _emit(session: str, kind: str, payload: dict[str, JsonValue], *, attended: bool, what: str = "arrived") -> None:
    resource = {
        "prefect.resource.id": f"cryoem.session.{session}",
        "prefect.resource.name": session,
        "cryoem.attended": "yes" if attended else "no",
    }
    emit_event(f"cryoem.{kind.replace('_', '-')}.{what}", resource, payload=payload)
