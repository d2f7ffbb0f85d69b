"""The sweep: whatever got lost on the way is picked up here."""

from prefect import flow, get_run_logger

from flows.events import is_attended, remind
from flows.items import all_news_of
from flows.ledgers import the_ledger
from flows.outboxes import deliver
from flows.queued import is_queued, thin_out
from tasks.ledger import Lease, Ledger, Verdict, all_sessions, bereave, expire, post, quiet, sign_off, waiting


@flow(name="sweep")
def sweep() -> int:
    """Take back the items of lost runs, start work that no event has started, and deliver what others must be told.

    What Murfey and we wait for, and will not come by itself, is told too.
    """
    ledger = the_ledger()
    tell(ledger, expire(ledger))
    thin_out()
    follow_up_lately(ledger)
    left = start_what_waits(ledger)
    deliver(ledger)
    look_between_systems(ledger)
    return left


@flow(name="recover", flow_run_name="recover from {dead}")
def recover(dead: str) -> int:
    """Take back at once the items of a flow run that has crashed, and have them done by another."""
    ledger, owner = the_ledger(), f"flow run {dead.removeprefix(_RESOURCE)}"
    # Nobody shall think that it still attends to what waits.
    sign_off(ledger, owner)
    tell(ledger, bereave(ledger, owner))
    return start_what_waits(ledger)


_RESOURCE = "prefect.flow-run."
_LATELY = 86400.0
"""Seconds after the last arrival, of a movie or of what was made of it, for which a session is looked after."""


def start_what_waits(ledger: Ledger) -> int:
    """Emit events for what waits with nobody at it and no run on its way; return how many items wait in all."""
    found = waiting(ledger)
    for kind in found:
        if not is_attended(ledger, kind.session, kind.kind) and not is_queued(kind.session, kind.kind):
            remind(kind)
    return sum(kind.items for kind in found)


def follow_up_lately(ledger: Ledger) -> None:
    """Write down what follows in the sessions that were active lately, should a run have died before it could."""
    for session in all_sessions(ledger):
        silence = quiet(ledger, session.name) if session.kind == "spa" else None
        if silence is not None and silence < _LATELY:
            # A session need not wait for the steps of the other kind.
            from flows.spa_live import advance  # noqa: PLC0415

            advance(ledger, session.name)


def look_between_systems(ledger: Ledger) -> None:
    """Tell what other systems and we wait for in vain, if there are others that know our sessions."""
    if any(session.identifiers for session in all_sessions(ledger)):
        # A sweep comes every minute, and need not wait for what a site does not have.
        from flows.murfey.stranded import look_for_stranded  # noqa: PLC0415

        look_for_stranded(ledger)


def tell(ledger: Ledger, lost: list[tuple[Lease, Verdict]]) -> None:
    """Say what was lost and what becomes of it; what is given up by it is news of its session."""
    for lease, verdict in lost:
        get_run_logger().warning("%s was lost: %s", lease, verdict)
    given_up = [lease for lease, verdict in lost if verdict.state == "quarantined"]
    post(ledger, [message for lease in given_up for message in all_news_of(ledger, lease)])
