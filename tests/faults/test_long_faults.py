"""Faults that take minutes to heal."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.account import complaints, each_is_done_once, outcomes
from faults.facility import ITEMS, Facility
from postgresql_server import Server
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType

from flows.leases import SECONDS
from flows.programs import program
from tasks.command import run

pytestmark = [pytest.mark.prefect, pytest.mark.slow]
LIBRARY = "/usr/lib/*/faketime/libfaketime.so.1"


def begun(site: Facility, series: range = range(1, 6)) -> Facility:
    """Have a session in work."""
    site.start_worker()
    site.start_watcher()
    site.expose(series)
    site.until_done(20)
    return site


def test_a_machine_that_dies_is_replaced(facility, healing):
    """Worker and run are gone at once, so nobody tells: the leases run out, and the sweep finds what waits."""
    site = begun(facility())
    [flow_run] = site.runs().values()
    site.kill("worker")
    flow_run.kill()
    site.start_worker()
    with healing("machine"):
        site.until_done(site.movies().done + 3)
    # Two were in work, which come back last.
    with healing("items of the machine"):
        site.until_done(ITEMS)
    each_is_done_once(site)


def test_a_power_cut_during_a_sweep_is_survived(facility, healing):
    """The sweep that died must not be taken for one that still runs, which would keep others away for ever."""
    site = begun(facility(), range(1, 4))
    with SyncPrefectClient(site.environment["PREFECT_API_URL"]) as client:
        site.until(lambda: running_sweeps(client))
    site.cut()
    site.expose(range(4, 6))
    site.start_server()
    site.start_worker()
    site.start_watcher()
    with healing("power cut during a sweep"):
        site.until_done(site.movies().done + 3)
    site.until_done(ITEMS)
    each_is_done_once(site)


def running_sweeps(client: SyncPrefectClient) -> list[FlowRun]:
    """Return the sweeps that run now."""
    flow = FlowFilter(name=FlowFilterName(any_=["sweep"]))
    running = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])))
    return client.read_flow_runs(flow_filter=flow, flow_run_filter=running)


def test_a_run_that_is_asked_to_end_gives_its_items_back(facility, healing):
    site = begun(facility())
    [flow_run] = site.runs().values()
    flow_run.terminate()
    with healing("run asked to end"):
        flow_run.wait(60)
        site.until_done(site.movies().done + 3)
    site.until_done(ITEMS)
    assert {outcome for _, outcome in outcomes(site)} == {"done", "released"}, complaints(site)
    each_is_done_once(site)


def test_a_ledger_that_is_long_away_is_waited_for(facility, postgresql, empty_postgresql, healing):
    site = begun(facility(url=empty_postgresql()))
    runs = set(site.runs())
    postgresql.kill()
    time.sleep(SECONDS + 10)
    postgresql.start()
    with healing("PostgreSQL, away for longer than a lease"):
        site.until_done(site.movies().done + 3)
    assert runs <= set(site.runs())
    site.until_done(ITEMS)
    each_is_done_once(site)


@pytest.fixture
def clock(postgresql: Server) -> Iterator[Callable[[str], None]]:
    """Have the database run by a clock that can be set, as in "+1h"."""
    libraries = sorted(Path("/").glob(LIBRARY.removeprefix("/")))
    if not libraries:
        pytest.skip("libfaketime is not installed: apt-get install faketime")
    setting = postgresql.folder / "clock"

    def put(offset: str) -> None:
        beside = setting.with_suffix(".new")
        beside.write_text(f"{offset}\n")
        shutil.chown(beside, "postgres")
        beside.replace(setting)

    put("+0")
    faked = {"LD_PRELOAD": str(libraries[0]), "FAKETIME_TIMESTAMP_FILE": str(setting), "FAKETIME_CACHE_DURATION": "1"}
    postgresql.kill()
    postgresql.start(faked | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    yield put
    postgresql.kill()
    postgresql.start()


@pytest.mark.parametrize("offset", ["+3600", "-3600"])
def test_a_clock_that_jumps_changes_nothing(offset, facility, clock, empty_postgresql, healing):
    site = begun(facility(url=empty_postgresql()))
    clock(offset)
    run([program("prefect"), "deployment", "run", "sweep/sweep"], cwd=site.folder, environment=site.environment)
    with healing(f"clock {offset} s"):
        site.until_done(site.movies().done + 20)
    site.until_done(ITEMS)
    each_is_done_once(site)
