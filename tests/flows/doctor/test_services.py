import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from rabbitmq_server import RabbitMq

from flows.doctor import services
from flows.doctor.findings import Finding


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def found(check) -> dict[str, Finding]:
    return {finding.name: finding for finding in check()}


def test_without_a_broker_named_none_is_needed():
    assert found(services.check_broker)["RabbitMQ"].state == "missing"


def test_a_broker_that_answers_is_told_from_one_that_does_not(rabbitmq: RabbitMq, monkeypatch):
    monkeypatch.setenv("CRYOEM_FLOWS_BROKER", rabbitmq.url)
    every = found(services.check_broker)
    assert every["RabbitMQ"].state == "ok"
    assert every["processing_recipe"].found == "is not there yet; the gateway makes it"
    monkeypatch.setenv("CRYOEM_FLOWS_BROKER", "amqp://me:secret@127.0.0.1:1/")
    lost = found(services.check_broker)["RabbitMQ"]
    assert lost.state == "broken"
    assert "secret" not in lost.found


def test_without_a_server_named_none_is_needed():
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        server = found(services.check_prefect)["server"]
    assert server.state == "missing"
    assert "need none" in server.found


def test_a_server_that_does_not_answer_is_broken():
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        server = found(services.check_prefect)["server"]
    assert server.state == "broken"
    assert server.found.startswith("http://127.0.0.1:1/api")


@pytest.mark.prefect
def test_a_server_without_our_deployments_and_workers_is_told_what_it_lacks(prefect_api):
    assert get_current_settings().api.url
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name="cryoem", type="process"))
    every = found(services.check_prefect)
    assert every["server"].state == "ok"
    assert every["deployments"].state == "broken"
    assert every["deployments"].advice == "cryoem-flows deploy"
    assert every["pool cryoem"].state == "broken"
    assert every["pool cryoem"].advice == "prefect worker start --pool cryoem"
    with get_client(sync_client=True) as client:
        place = {"work_pool_name": "cryoem"}
        client.request(
            "POST", "/work_pools/{work_pool_name}/workers/heartbeat", path_params=place, json={"name": "gpu01"}
        )
    assert found(services.check_prefect)["pool cryoem"].found == "1 at work"
