"""Whoever dies while a session is processed, each of its items is done once."""

import pytest
from faults.account import each_is_done_once
from faults.facility import ITEMS, Facility

pytestmark = [pytest.mark.prefect, pytest.mark.slow]


def test_each_item_is_done_once_whoever_is_killed(facility, healing):
    site: Facility = facility()
    site.start_worker()
    site.start_watcher()
    site.expose(range(1, 4))
    site.until_done(20)
    kill_the_run(site, healing)
    kill_the_worker(site, healing)
    kill_server_and_watcher(site, healing)
    site.until_done(ITEMS)
    each_is_done_once(site)


def kill_the_run(site: Facility, healing) -> None:
    [run] = site.runs().values()
    run.kill()
    with healing("flow run"):
        site.until_done(site.movies().done + 3)
    site.until_done(site.movies().done + 10)


def kill_the_worker(site: Facility, healing) -> None:
    """What the worker has started goes on, and is left alone by its successor."""
    runs = set(site.runs())
    site.kill("worker")
    with healing("worker"):
        site.until_done(site.movies().done + 3)
    site.start_worker()
    site.until_done(site.movies().done + 20)
    assert set(site.runs()) == runs


def kill_server_and_watcher(site: Facility, healing) -> None:
    """Meanwhile the run goes on with what it knows of; what comes later is found when both are back."""
    site.kill("server")
    site.kill("watcher")
    with healing("server"):
        site.until_done(site.movies().done + 3)
    site.expose(range(4, 6))
    site.start_server()
    site.start_watcher()
    with healing("watcher"):
        site.until(lambda: site.movies().open + site.movies().done == ITEMS)
