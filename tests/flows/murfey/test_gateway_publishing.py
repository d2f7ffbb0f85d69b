import json
import threading

import pytest
from broken_line import Line
from gateways import Site, opened, until
from pydantic import SecretStr

from flows.murfey.gateway_metrics import Metrics
from flows.murfey.gateway_publishing import Publisher
from tasks.broker import Broker, BrokerError
from tasks.ledger import LedgerError, Message, dead, failed, post, posted, take


@pytest.fixture
def site(rabbitmq, tmp_path) -> Site:
    ledger = opened(f"sqlite:///{tmp_path}/ledger.db")
    yield Site(rabbitmq.url, ledger, rabbitmq.make(), rabbitmq.make())
    ledger.close()


@pytest.fixture
def broker(site):
    with Broker(SecretStr(site.url)) as broker:
        yield broker


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


def tell(site: Site, *events: str, queue: str | None = None) -> None:
    payloads = {event: {"queue": queue or site.queue, "body": {"register": event}} for event in events}
    post(site.ledger, [Message(target="murfey", key=event, payload=payload) for event, payload in payloads.items()])


def heard(rabbitmq, queue: str) -> list[str]:
    return [json.loads(message.body)["register"] for message in rabbitmq.read(queue)]


def publisher_of(site: Site, clock: Clock, rate: float = 1000.0) -> Publisher:
    return Publisher(site.ledger, rate, Metrics(site.health), clock)


def publish(publisher: Publisher, broker: Broker, clock: Clock) -> bool:
    clock.time += 1
    return publisher.publish(broker)


def test_messages_are_published_once_and_in_order_with_a_table_of_headers(rabbitmq, site, broker):
    clock = Clock()
    publisher = publisher_of(site, clock)
    tell(site, "first", "second")
    assert [publish(publisher, broker, clock) for _ in range(3)] == [True, True, False]
    messages = rabbitmq.read(site.queue)
    assert [json.loads(message.body) for message in messages] == [{"register": "first"}, {"register": "second"}]
    assert [message.properties.message_id for message in messages] == ["first", "second"]
    assert {(str(message.headers), message.properties.delivery_mode) for message in messages} == {("{}", 2)}
    assert posted(site.ledger, "murfey") == {"sent": 2}


def test_murfey_gets_no_more_than_it_can_take(site, broker):
    clock = Clock()
    publisher = publisher_of(site, clock, rate=2)
    tell(site, *map(str, range(30)))
    for _ in range(80):
        publisher.publish(broker)
        clock.time += 0.125
    # For 10 seconds.
    assert posted(site.ledger, "murfey")["sent"] == 20


def test_a_message_without_a_queue_is_kept_and_tried_again(rabbitmq, site, broker):
    clock = Clock()
    publisher = publisher_of(site, clock)
    tell(site, "lost", queue="nowhere")
    tell(site, "found")
    publish(publisher, broker, clock)
    publish(publisher, broker, clock)
    assert heard(rabbitmq, site.queue) == ["found"]
    assert posted(site.ledger, "murfey") == {"pending": 1, "sent": 1}


def test_a_message_that_is_none_is_given_up_with_the_reason(site, broker):
    clock = Clock()
    post(site.ledger, [Message(target="murfey", key="odd", payload={"body": {}})])
    publish(publisher_of(site, clock), broker, clock)
    (given_up,) = dead(site.ledger, "murfey")
    assert "queue\n  Field required" in given_up.error


def test_a_message_whose_confirmation_was_lost_is_published_again_before_others(rabbitmq, site):
    clock, line = Clock(), Line(rabbitmq.port)
    publisher = publisher_of(site, clock)
    tell(site, "first", "second")
    url = SecretStr(site.url.replace(str(rabbitmq.port), str(line.port)))
    broker = Broker(url)
    line.deafen()
    cutting = threading.Thread(target=cut_when_heard, args=(rabbitmq, site.queue, line))
    cutting.start()
    with pytest.raises(BrokerError):
        publish(publisher, broker, clock)
    cutting.join()
    assert posted(site.ledger, "murfey") == {"pending": 2}
    with Broker(url) as broker:
        publish(publisher, broker, clock)
        publish(publisher, broker, clock)
    line.close()
    # Twice, because nobody could know that the broker had heard it; but not never, and not after the second.
    assert heard(rabbitmq, site.queue) == ["first", "first", "second"]
    assert posted(site.ledger, "murfey") == {"sent": 2}


def test_a_message_that_was_published_while_the_ledger_went_away_is_not_published_again(
    rabbitmq, site, broker, monkeypatch
):
    clock = Clock()
    publisher = publisher_of(site, clock)
    tell(site, "first", "second")
    with monkeypatch.context() as patched:
        patched.setattr(type(site.ledger), "write", away_after_taking(site.ledger))
        with pytest.raises(LedgerError):
            publish(publisher, broker, clock)
        with pytest.raises(LedgerError):
            publish(publisher, broker, clock)
    publish(publisher, broker, clock)
    publish(publisher, broker, clock)
    assert heard(rabbitmq, site.queue) == ["first", "second"]
    assert posted(site.ledger, "murfey") == {"sent": 2}


def test_a_message_that_others_may_have_taken_meanwhile_is_not_kept(rabbitmq, site, broker):
    clock = Clock()
    publisher = publisher_of(site, clock)
    tell(site, "first")
    (delivery,) = take(site.ledger, "murfey", 1, 300)
    publisher._held = delivery, clock.time + 240
    clock.time += 250
    assert publisher.publish(broker) is False
    failed(site.ledger, delivery, "broker away")
    assert heard(rabbitmq, site.queue) == []


def cut_when_heard(rabbitmq, queue: str, line: Line) -> None:
    until(lambda: rabbitmq.waiting(queue) == 1)
    line.cut()


def away_after_taking(ledger):
    """Let the ledger answer once, and then be away."""
    write, answered = type(ledger).write, []

    def written(self, work):
        if answered:
            raise LedgerError("away")
        answered.append(True)
        return write(self, work)

    return written
