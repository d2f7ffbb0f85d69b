"""What kinds of sessions there are."""

from flows.sessions import TomographySession
from tasks.ledger import Session
from tasks.models import Model


def parameters_of(session: Session) -> Model:
    """Return how a session of any kind is processed; raise InputError if its parameters are not those of its kind."""
    if session.kind == "tomography":
        return TomographySession.of(session)
    # A session of tomography need not wait for the steps of the other kind.
    from flows.spa_sessions import SpaSession  # noqa: PLC0415

    return SpaSession.of(session)
