import time

import pytest
from pydantic import SecretStr
from rabbitmq_server import free_ports

from tasks.broker import Broker, BrokerError, NoQueueError, new_properties


def test_messages_come_in_their_order_and_are_settled_up_to_the_last(rabbitmq, broker, url, queue):
    rabbitmq.send(queue, b"1", b"2", b"3")
    broker.consume([queue], at_once=10)
    received = receive(broker, 3)
    assert [(message.queue, message.body, message.redelivered) for message in received] == [
        (queue, b"1", False),
        (queue, b"2", False),
        (queue, b"3", False),
    ]
    broker.settle(received[1])
    broker.__exit__(None, None, None)
    with Broker(url) as other:
        other.consume([queue], at_once=10)
        assert [(message.body, message.redelivered) for message in receive(other, 1)] == [(b"3", True)]


def test_no_more_messages_come_than_were_asked_for(rabbitmq, broker, queue):
    rabbitmq.send(queue, b"1", b"2", b"3")
    broker.consume([queue], at_once=2)
    first = receive(broker, 2)
    assert broker.receive(10, 0.3) == []
    broker.settle(first[-1])
    assert [message.body for message in receive(broker, 1)] == [b"3"]


def test_who_waits_hears_of_a_message_at_once(rabbitmq, broker, queue):
    broker.consume([queue], at_once=1)
    rabbitmq.send(queue, b"1")
    begun = time.monotonic()
    assert len(broker.receive(10, 60)) == 1
    assert time.monotonic() - begun < 30


def test_who_leaves_gets_what_has_come_and_no_more(rabbitmq, broker, queue):
    rabbitmq.send(queue, b"1", b"2", b"3")
    broker.consume([queue], at_once=2)
    first = receive(broker, 1)
    rest = broker.leave()
    broker.settle([*first, *rest][-1])
    assert broker.receive(10, 0.5) == []
    assert rabbitmq.waiting(queue) == 3 - len([*first, *rest])


def test_a_rest_does_not_lose_what_comes_meanwhile(rabbitmq, broker, queue):
    broker.consume([queue], at_once=10)
    rabbitmq.send(queue, b"1", b"2")
    broker.rest(0.5)
    assert [message.body for message in receive(broker, 2)] == [b"1", b"2"]


def test_a_published_message_is_in_its_queue_with_its_envelope(rabbitmq, broker, queue):
    broker.publish(queue, b'{"register": "done"}', new_properties("done/1"))
    (message,) = rabbitmq.read(queue)
    assert message.body == b'{"register": "done"}'
    assert (message.headers, message.properties.delivery_mode) == ({}, 2)


def test_a_message_for_a_queue_that_is_not_there_comes_back_and_others_go_on(rabbitmq, broker, queue):
    with pytest.raises(NoQueueError, match=r"no such queue: publishing to the queue nowhere"):
        broker.publish("nowhere", b"{}", new_properties())
    broker.publish(queue, b"{}", new_properties())
    assert rabbitmq.waiting(queue) == 1


def test_a_queue_is_made_only_where_there_is_none(rabbitmq, broker, queue):
    special = rabbitmq.make(**{"x-queue-type": "quorum"})
    assert not broker.ensure(queue)
    assert not broker.ensure(special)
    assert broker.ensure(f"{queue}.new")
    assert broker.has(f"{queue}.new")
    assert broker.waiting(f"{queue}.new") == 0


def test_who_consumes_a_queue_that_is_deleted_is_told(rabbitmq, broker, queue):
    broker.consume([queue], at_once=1)
    with rabbitmq.connect() as connection:
        connection.channel().queue_delete(queue)
    with pytest.raises(BrokerError, match="ended our subscription"):
        receive(broker, 1)


def test_who_consumes_a_queue_that_is_not_there_is_told_which(broker):
    with pytest.raises(BrokerError, match=r"consuming nowhere: .*no queue 'nowhere'"):
        broker.consume(["nowhere"], at_once=1)


def test_a_broker_that_cannot_be_reached_is_told_without_the_password():
    with pytest.raises(BrokerError, match="no connection to the broker") as error:
        Broker(SecretStr(f"amqp://me:secret@127.0.0.1:{free_ports(1)[0]}/"))
    assert "secret" not in str(error.value)


def test_a_wrong_password_is_told_without_it(rabbitmq):
    with pytest.raises(BrokerError, match=r"ACCESS_REFUSED") as error:
        Broker(SecretStr(rabbitmq.url.replace("guest:guest", "guest:secret")))
    assert "secret" not in str(error.value)


def receive(broker: Broker, count: int) -> list:
    """Wait for so many messages."""
    received = []
    until = time.monotonic() + 60
    while len(received) < count:
        assert time.monotonic() < until
        received += broker.receive(count - len(received), 0.5)
    return received
