"""The sweep: whatever got lost on the way is picked up here."""

from prefect import flow, get_run_logger

from flows.events import is_attended, remind
from flows.items import news_of
from flows.ledgers import the_ledger
from flows.outboxes import deliver
from flows.queued import is_queued, thin_out
from tasks.ledger import Lease, Ledger, Verdict, bereave, expire, post, sign_off, waiting


@flow(name="sweep")
def sweep(dead: str | None = None) -> int:
    """Take back the items of dead runs, start work that no event has started, and deliver what others must be told.

    ``dead`` is a flow run that is known to have died, whose items need not wait for their leases to run out.
    """
    ledger = the_ledger()
    tell(ledger, [*(bury(ledger, dead) if dead else []), *expire(ledger)])
    thin_out()
    found = waiting(ledger)
    for kind in found:
        if not is_attended(ledger, kind.session, kind.kind) and not is_queued(kind.session, kind.kind):
            remind(kind)
    deliver(ledger)
    return sum(kind.items for kind in found)


_RESOURCE = "prefect.flow-run."


def bury(ledger: Ledger, dead: str) -> list[tuple[Lease, Verdict]]:
    """Take back the items of a dead run; nobody shall think that it still attends to what waits."""
    owner = f"flow run {dead.removeprefix(_RESOURCE)}"
    sign_off(ledger, owner)
    return bereave(ledger, owner)


def tell(ledger: Ledger, lost: list[tuple[Lease, Verdict]]) -> None:
    """Say what was lost and what becomes of it; what is given up by it is news of its session."""
    for lease, verdict in lost:
        get_run_logger().warning("%s was lost: %s", lease, verdict)
    post(ledger, [news_of(lease) for lease, verdict in lost if verdict.state == "quarantined"])
