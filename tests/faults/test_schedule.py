"""The sweep, on which all healing rests, is started time and again."""

from itertools import pairwise

import pytest
from faults.facility import Facility
from prefect.client.orchestration import SyncPrefectClient

pytestmark = pytest.mark.prefect


def test_the_server_plans_sweeps(facility):
    site: Facility = facility()
    with SyncPrefectClient(site.environment["PREFECT_API_URL"]) as client:
        sweep = client.read_deployment_by_name("sweep/sweep")
        planned = site.until(lambda: client.get_scheduled_flow_runs_for_deployments([sweep.id]))
    times = sorted(run.expected_start_time for run in planned)
    assert {(later - sooner).total_seconds() for sooner, later in pairwise(times)} == {60}
