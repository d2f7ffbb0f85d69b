"""What is written to the ledger of that which has arrived."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from tasks.ledger import Arrival, Ledger
from tasks.ledger.tables import items, sessions
from tasks.watching.series import Described, Present
from tasks.watching.watch import Watch

MOVIE_KINDS = {"tomography": "tilt_movie", "spa": "movie"}
BROKEN = "broken_file"


@dataclass
class Arrived:
    """What has arrived so far."""

    sizes: dict[str, int] = field(default_factory=dict)
    """Size of each movie in bytes."""
    series: dict[str, frozenset[str]] = field(default_factory=dict)
    """Names of the movies of each tilt series, by its mdoc file."""
    broken: set[str] = field(default_factory=set)
    """Files that were given up, and not mended since."""


def arrived(ledger: Ledger, session: str) -> Arrived:
    """Ask the ledger what has arrived, so that it need not be looked into again."""
    found = Arrived()
    query = (
        select(items.c.kind, items.c.key, items.c.payload, items.c.state)
        .join(sessions)
        .where(sessions.c.name == session)
    )
    for kind, key, payload, state in ledger.read(lambda connection: connection.execute(query).all()):
        if kind in MOVIE_KINDS.values():
            found.sizes[key] = payload.get("size", -1)
        elif kind == "tilt_series":
            found.series[key] = frozenset(payload.get("movies", ()))
        elif kind == BROKEN and state != "done":
            found.broken.add(key)
    return found


def of_movie(watch: Watch, path: str, size: int) -> Arrival:
    """Announce a movie; one of another size under the same name is to be done again."""
    return Arrival(session=watch.session, kind=MOVIE_KINDS[watch.kind], key=path, payload={"path": path, "size": size})


def of_series(watch: Watch, described: Described, present: Present, frames: Path) -> Arrival:
    """Announce a tilt series: the flow groups what is in the folder of frames by the mdoc file."""
    return Arrival(
        session=watch.session,
        kind="tilt_series",
        key=str(described.mdoc),
        payload={
            "name": described.name,
            "mdoc": str(described.mdoc),
            "frames": str(frames),
            "movies": list(present.movies),
            "missing": list(present.missing),
            "broken": list(present.broken),
        },
    )


def of_broken(watch: Watch, path: str) -> Arrival:
    """Announce a file that was given up."""
    return Arrival(session=watch.session, kind=BROKEN, key=path, payload={"path": path})
