"""What a request wants done."""

from dataclasses import dataclass

from tasks.ledger import Arrival, Session


@dataclass(frozen=True)
class Work:
    """The work that a request asks for."""

    session: Session
    """The session that it belongs to, opened or to be opened."""
    item: str
    """Key of the item that answers it."""
    key: str
    """What tells the work from other work of the session."""
    arrivals: tuple[Arrival, ...] = ()
    """What is to be done for it; nothing if that is left to the plan of the session."""
