"""The sweep: whatever got lost on the way is picked up here."""

from prefect import flow

from flows.events import remind
from tasks.ledger import expire, open_ledger, waiting
from tasks.settings import Settings


@flow(name="sweep", log_prints=True)
def sweep() -> int:
    """Take back the items of dead runs, and remind of all that waits; return how many items wait."""
    ledger = open_ledger(Settings().ledger.get_secret_value())
    for lease, verdict in expire(ledger):
        print(f"{lease} was lost: {verdict}")  # noqa: T201 - Prefect logs it
    found = waiting(ledger)
    for kind in found:
        remind(kind)
    return sum(kind.items for kind in found)
