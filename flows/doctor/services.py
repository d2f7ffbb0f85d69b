"""The broker and the Prefect server, and who works for them."""

from collections import Counter
from typing import TYPE_CHECKING

import yaml
from httpx import HTTPError

from flows.doctor.findings import Finding, State
from flows.local import WORK_POOL, folder_of_deployments
from tasks.broker import Broker, BrokerError
from tasks.settings import site

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

BROKER = "broker"
PREFECT = "Prefect"


def check_broker() -> list[Finding]:
    """Connect to the broker, and look for the queues."""
    settings = site()
    if settings.broker is None:
        said = "none is named (CRYOEM_FLOWS_BROKER): only needed behind Murfey"
        return [Finding(part=BROKER, name="RabbitMQ", state="missing", found=said)]
    names = [settings.murfey_queue, settings.connector_queue, settings.parked_queue]
    try:
        with Broker(settings.broker, "cryoem-flows doctor") as broker:
            queues = [_queue(broker, name) for name in names if name != "none"]
    except BrokerError as error:
        advice = "is CRYOEM_FLOWS_BROKER right, and the broker up?"
        return [Finding(part=BROKER, name="RabbitMQ", state="broken", found=str(error), advice=advice)]
    return [Finding(part=BROKER, name="RabbitMQ", state="ok", found="answers"), *queues]


def _queue(broker: Broker, name: str) -> Finding:
    if not broker.has(name):
        return Finding(part=BROKER, name=name, state="ok", found="is not there yet; the gateway makes it")
    return Finding(part=BROKER, name=name, state="ok", found=f"{broker.waiting(name)} messages wait")


def check_prefect() -> list[Finding]:
    """Ask the Prefect server for its deployments and workers."""
    from prefect import __version__ as ours  # noqa: PLC0415 - takes seconds
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - as above
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - as above

    url = PREFECT_API_URL.value()
    if not url:
        said = "no server is named (PREFECT_API_URL); `cryoem-flows run` and `watch` need none"
        return [_prefect("server", "missing", said, "for a machine of your own: prefect server start")]
    try:
        with get_client(sync_client=True) as client:
            version = client.api_version()
            deployed = {each.name for each in client.read_deployments()}
            pools = [pool.name for pool in client.read_work_pools()]
            states = {name: _states(client, name) for name in pools}
    except HTTPError as error:
        return [_prefect("server", "broken", f"{url}: {error}", "is it up, and is PREFECT_API_URL right?")]
    said = f"{url}: version {version}" + (f"; ours is {ours}" if version != ours else "")
    return [_prefect("server", "ok", said), _deployments(deployed), *_workers(states)]


def _states(client: "SyncPrefectClient", pool: str) -> Counter[str]:
    """Return how many workers of a pool are in which state."""
    return Counter(worker.status.value for worker in client.read_workers_for_work_pool(pool) if worker.status)


def _deployments(deployed: set[str]) -> Finding:
    wanted = yaml.safe_load((folder_of_deployments() / "prefect.yaml").read_text())["deployments"]
    lacking = [each["name"] for each in wanted if each["name"] not in deployed]
    if lacking:
        said = f"{', '.join(lacking)} of {len(wanted)} {'is' if len(lacking) == 1 else 'are'} not there"
        return _prefect("deployments", "broken", said, "cryoem-flows deploy")
    return _prefect("deployments", "ok", f"all {len(wanted)} are there")


def _workers(states: dict[str, Counter[str]]) -> list[Finding]:
    """Tell how many workers each pool has; ours must have one."""
    start = "prefect worker start --pool"
    if not states:
        return [_prefect("work pools", "broken", "none", "cryoem-flows deploy")]
    found = []
    for pool, count in states.items():
        online = count["ONLINE"]
        state: State = "ok" if online else "broken" if pool == WORK_POOL else "missing"
        said = f"{online} at work" + (f", {count.total() - online} gone" if count.total() > online else "")
        found.append(_prefect(f"pool {pool}", state, said, "" if online else f"{start} {pool}"))
    return found


def _prefect(name: str, state: State, found: str, advice: str = "") -> Finding:
    return Finding(part=PREFECT, name=name, state=state, found=found, advice=advice)
