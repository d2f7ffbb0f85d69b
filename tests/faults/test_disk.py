"""A full disk stops a session, and no more than that."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.account import each_is_done_once
from faults.facility import ITEMS, Facility

from tasks.ledger import pausing, resume

pytestmark = pytest.mark.prefect


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk that is full before the session is done."""
    folder = tmp_path / "results"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", folder]
    mount = subprocess.run(command, check=False, capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"a disk cannot be mounted here: {mount.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_pauses_the_session_until_there_is_space(small_disk, facility, healing):
    site: Facility = facility()
    site.start_worker()
    site.start_watcher()
    site.expose(range(1, 6))
    [pause] = site.until(lambda: pausing(site.ledger))
    assert (pause.pool, pause.kind) == ("default", "disk-full")
    site.until(lambda: site.movies().running == 0)
    assert 0 < site.movies().done < ITEMS
    assert [path for path in site.results.rglob("*") if path.name.startswith(".")] == []
    subprocess.run(["mount", "-o", "remount,size=300m", small_disk], check=True)
    resume(site.ledger, pause.pool)
    with healing("full disk"):
        site.until_done(site.movies().done + 3)
    site.until_done(ITEMS)
    each_is_done_once(site)
