import pytest

from flows.murfey.gateway_health import Health
from flows.murfey.gateway_metrics import Metrics
from tasks.ledger import Message, open_ledger, post
from tasks.ledger.overdue import Unsent, unsent


@pytest.fixture
def health() -> Health:
    return Health(clock=lambda: 7.0)


@pytest.fixture
def metrics(health) -> Metrics:
    return Metrics(health)


def figure(metrics, name, **labels):
    return metrics.registry.get_sample_value(f"cryoem_gateway_{name}", labels)


def test_the_outboxes_are_told_by_target_and_state(metrics, tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    post(ledger, [Message(target="murfey", key="1"), Message(target="murfey", key="2")])
    metrics.see_backlog(unsent(ledger, 0.0))
    assert figure(metrics, "outbox_messages", target="murfey", state="pending") == 2
    assert 0 <= figure(metrics, "outbox_oldest_seconds", target="murfey") < 60


def test_the_age_is_that_of_what_is_still_to_be_sent(metrics):
    given_up = Unsent(target="ispyb", state="dead", number=3, age=500, error="refused")
    metrics.see_backlog([given_up, Unsent(target="ispyb", state="pending", number=1, age=4, error=None)])
    assert figure(metrics, "outbox_messages", target="ispyb", state="dead") == 3
    assert figure(metrics, "outbox_oldest_seconds", target="ispyb") == 4


def test_an_outbox_that_was_emptied_is_no_longer_told(metrics):
    metrics.see_backlog([Unsent(target="ispyb", state="pending", number=1, age=4, error=None)])
    metrics.see_backlog([])
    assert figure(metrics, "outbox_messages", target="ispyb", state="pending") is None
    assert figure(metrics, "outbox_oldest_seconds", target="ispyb") is None


def test_it_is_told_how_long_ago_each_part_was_reached(metrics, health):
    assert figure(metrics, "reached_seconds", part="broker") == -1
    health.reached("broker")
    assert figure(metrics, "reached_seconds", part="broker") == 0
