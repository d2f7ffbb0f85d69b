"""A full disk stops a session, and no more than that."""

import subprocess

import pytest
from faults.account import each_is_done_once, files
from faults.facility import ITEMS, Facility

from tasks.ledger import pausing, resume

pytestmark = [pytest.mark.prefect, pytest.mark.slow]


def test_a_full_disk_pauses_the_session_until_there_is_space(small_disk, facility, healing):
    site: Facility = facility()
    site.start_worker()
    site.start_watcher()
    site.expose(range(1, 6))
    [pause] = site.until(lambda: pausing(site.ledger))
    assert (pause.pool, pause.kind) == ("default", "disk-full")
    site.until(lambda: site.movies().running == 0)
    assert 0 < site.movies().done < ITEMS
    assert [path for path in files(site) if path.name.startswith(".")] == []
    subprocess.run(["mount", "-o", "remount,size=300m", small_disk], check=True)
    resume(site.ledger, pause.pool)
    with healing("full disk"):
        site.until_done(site.movies().done + 3)
    site.until_done(ITEMS)
    each_is_done_once(site)
