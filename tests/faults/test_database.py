"""A ledger that goes away is waited for."""

import pytest
from faults.account import each_is_done_once
from faults.facility import ITEMS, Facility

pytestmark = pytest.mark.prefect


def test_a_session_goes_on_when_postgresql_is_back(facility, postgresql, empty_postgresql, healing):
    site: Facility = facility(url=empty_postgresql())
    site.start_worker()
    site.start_watcher()
    site.expose(range(1, 6))
    site.until_done(20)
    runs = set(site.runs())
    postgresql.kill()
    # What was in work is finished as far as it can be without a ledger.
    site.until(lambda: not site.programs.busy())
    postgresql.start()
    with healing("PostgreSQL"):
        site.until_done(site.movies().done + 3)
    assert set(site.runs()) == runs
    site.until_done(ITEMS)
    each_is_done_once(site)
