"""However often and by whomever the same is announced, and however many work on it, it is done once."""

import subprocess
import sys

import pytest
from faults.account import each_is_done_once
from faults.facility import ITEMS, Facility
from sqlalchemy import select

from tasks.ledger.tables import attempts

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

ANNOUNCE = """
import sys
from flows.events import announce
from flows.ledgers import the_ledger
from sqlalchemy import select
from tasks.ledger import Arrival, arrive
from tasks.ledger.tables import items

ledger = the_ledger()
query = select(items.c.kind, items.c.key, items.c.payload)
rows = ledger.read(lambda connection: connection.execute(query).all())
arrivals = [Arrival(session=sys.argv[1], **row._asdict()) for row in rows]
assert arrive(ledger, arrivals) == []
announce(ledger, arrivals)
"""


def test_two_workers_and_five_announcements(facility):
    site: Facility = facility(settings={"CRYOEM_FLOWS_RUNS_PER_SESSION": "2"})
    site.start_watcher()
    site.expose(range(1, 6))
    site.until(lambda: site.movies().waiting == ITEMS)
    announce_again(site)
    site.start_worker()
    site.start_worker("other")
    for done in (20, 60):
        site.until_done(done)
        announce_again(site)
        site.kill("watcher")
        site.start_watcher()
    site.until_done(ITEMS)
    for _ in range(2):
        announce_again(site)
    assert len(owners(site)) >= 2
    site.until(lambda: not site.runs())
    each_is_done_once(site)


def announce_again(site: Facility) -> None:
    """Announce by hand all that has arrived."""
    command = [sys.executable, "-c", ANNOUNCE, "grid"]
    subprocess.run(command, check=True, env=site.whole_environment, cwd=site.folder)


def owners(site: Facility) -> set[str]:
    """Return the runs that have worked on items."""
    return set(site.ledger.read(lambda connection: connection.scalars(select(attempts.c.owner)).all()))
