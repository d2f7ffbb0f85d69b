"""The sweep: whatever got lost on the way is picked up here."""

from prefect import flow, get_run_logger

from flows.events import is_attended, remind
from flows.items import news_of
from flows.ledgers import the_ledger
from flows.outboxes import deliver
from flows.queued import is_queued, thin_out
from tasks.ledger import Lease, Ledger, Verdict, bereave, expire, post, waiting


@flow(name="sweep")
def sweep(dead: str | None = None) -> int:
    """Take back the items of dead runs, start work that no event has started, and deliver what others must be told.

    ``dead`` is a flow run that is known to have died, whose items need not wait for their leases to run out.
    """
    ledger = the_ledger()
    lost = bereave(ledger, f"flow run {dead.removeprefix(_RESOURCE)}") if dead else []
    tell(ledger, [*lost, *expire(ledger)])
    thin_out()
    found = waiting(ledger)
    for kind in found:
        if not is_attended(ledger, kind.session, kind.kind) and not is_queued(kind.session, kind.kind):
            remind(kind)
    deliver(ledger)
    return sum(kind.items for kind in found)


_RESOURCE = "prefect.flow-run."


def tell(ledger: Ledger, lost: list[tuple[Lease, Verdict]]) -> None:
    """Say what was lost and what becomes of it; what is given up by it is news of its session."""
    for lease, verdict in lost:
        get_run_logger().warning("%s was lost: %s", lease, verdict)
    post(ledger, [news_of(lease) for lease, verdict in lost if verdict.state == "quarantined"])
