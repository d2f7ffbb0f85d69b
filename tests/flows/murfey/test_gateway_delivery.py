import pytest
from gateways import opened, until

from flows.murfey.gateway_delivery import delivering
from flows.murfey.gateway_health import Health
from flows.murfey.gateway_metrics import Metrics
from tasks.ledger import Message, post, posted


@pytest.fixture
def ledger(tmp_path):
    ledger = opened(f"sqlite:///{tmp_path}/ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def health() -> Health:
    return Health()


def figure(metrics, name, **labels):
    return metrics.registry.get_sample_value(f"cryoem_gateway_{name}", labels)


def test_what_is_posted_meanwhile_is_delivered(ledger, health):
    delivered = []
    with delivering(ledger, {"ispyb": lambda _, news: delivered.append(news.key)}, Metrics(health), health):
        post(ledger, [Message(target="ispyb", key="movie/1"), Message(target="report", key="grid")])
        until(lambda: posted(ledger, "ispyb") == {"sent": 1})
    assert delivered == ["movie/1"]
    assert posted(ledger, "report") == {"pending": 1}
    assert health.since("ledger") is not None


def test_what_cannot_be_delivered_is_seen_in_the_metrics(ledger, health):
    def refuse(*_):
        raise ConnectionError("ISPyB is away")

    metrics = Metrics(health)
    post(ledger, [Message(target="ispyb", key="movie/1")])
    with delivering(ledger, {"ispyb": refuse}, metrics, health):
        until(lambda: figure(metrics, "outbox_messages", target="ispyb", state="pending") == 1)
    assert posted(ledger, "ispyb") == {"pending": 1}


def test_deliveries_go_on_after_an_error_of_ours(ledger, health, caplog):
    delivered = []
    targets = {"ispyb": lambda _, news: delivered.append(news.key)}
    rename(ledger, "outbox", "elsewhere")
    with delivering(ledger, targets, Metrics(health), health):
        until(lambda: "the outboxes could not be worked off" in caplog.text)
        rename(ledger, "elsewhere", "outbox")
        post(ledger, [Message(target="ispyb", key="movie/1")])
        until(lambda: delivered == ["movie/1"])


def rename(ledger, old: str, new: str) -> None:
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
