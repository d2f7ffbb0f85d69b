"""The sweep: whatever got lost on the way is picked up here."""

from prefect import flow, get_run_logger

from flows.events import is_attended, remind
from flows.items import news_of
from flows.ledgers import the_ledger
from flows.outboxes import deliver
from flows.queued import is_queued, thin_out
from tasks.ledger import Lease, Ledger, Verdict, bereave, expire, post, sign_off, waiting


@flow(name="sweep")
def sweep() -> int:
    """Take back the items of lost runs, start work that no event has started, and deliver what others must be told."""
    ledger = the_ledger()
    tell(ledger, expire(ledger))
    thin_out()
    left = start_what_waits(ledger)
    deliver(ledger)
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


def start_what_waits(ledger: Ledger) -> int:
    """Emit events for what waits with nobody at it and no run on its way; return how many items wait in all."""
    found = waiting(ledger)
    for kind in found:
        if not is_attended(ledger, kind.session, kind.kind) and not is_queued(kind.session, kind.kind):
            remind(kind)
    return sum(kind.items for kind in found)


def tell(ledger: Ledger, lost: list[tuple[Lease, Verdict]]) -> None:
    """Say what was lost and what becomes of it; what is given up by it is news of its session."""
    for lease, verdict in lost:
        get_run_logger().warning("%s was lost: %s", lease, verdict)
    post(ledger, [news_of(lease) for lease, verdict in lost if verdict.state == "quarantined"])
