from datetime import datetime

import pytest
from pika import BasicProperties

from tasks.broker import Received, park, pass_on, put_back
from tasks.broker.parking import AT, FROM, REASON


@pytest.fixture
def parked(rabbitmq) -> str:
    return rabbitmq.make()


def test_a_parked_message_says_why_and_whence_and_when(rabbitmq, broker, queue, parked):
    rabbitmq.send(queue, b"\xff\x00 no JSON", headers={"theirs": 5}, expiration="60000")
    park(broker, broker.fetch(queue), parked, "no JSON")
    (message,) = rabbitmq.read(parked)
    assert message.body == b"\xff\x00 no JSON"
    assert message.headers == {"theirs": 5, REASON: "no JSON", FROM: queue, AT: message.headers[AT]}
    assert datetime.fromisoformat(message.headers[AT]).tzinfo is not None
    assert message.properties.expiration is None


@pytest.mark.parametrize("reason", ["a" * 1_000_000, "half a \ud800 character", "naïve µ"])
def test_whatever_the_reason_the_message_is_parked(rabbitmq, broker, queue, parked, reason):
    park(broker, Received(queue, b"body", BasicProperties(), 1), parked, reason)
    (message,) = rabbitmq.read(parked)
    assert message.headers[REASON].startswith(reason[:6])


def test_a_message_for_others_is_passed_on_as_it_came(rabbitmq, broker, queue):
    foreign = rabbitmq.make()
    body = b'{"recipes":["sxt-align"] ,"parameters":{"b":1,"a":"\\u00e5"}}\n'
    headers = {"ID": "abc", "deep": {"list": [1, 2**40, None, True, "x"]}}
    properties = {"headers": headers, "content_type": "application/json", "priority": 4, "message_id": "77"}
    rabbitmq.send(queue, body, **properties)
    pass_on(broker, broker.fetch(queue), foreign)
    (message,) = rabbitmq.read(foreign)
    assert message.body == body
    assert message.properties == BasicProperties(delivery_mode=2, **properties)


def test_a_message_of_another_user_can_be_passed_on(rabbitmq, broker, queue):
    pass_on(broker, Received("elsewhere", b"body", BasicProperties(user_id="murfey"), 1), queue)
    assert rabbitmq.waiting(queue) == 1


def test_parked_messages_go_back_to_the_queues_that_they_came_from(rabbitmq, broker, queue, parked):
    other = rabbitmq.make()
    rabbitmq.send(parked, b"1", headers={FROM: other, REASON: "bug", AT: "then", "theirs": 1})
    rabbitmq.send(parked, b"2")
    assert put_back(broker, parked, queue) == 2
    assert [(message.body, message.headers) for message in rabbitmq.read(other)] == [(b"1", {"theirs": 1})]
    assert [message.body for message in rabbitmq.read(queue)] == [b"2"]
    assert rabbitmq.waiting(parked) == 0


def test_there_may_be_nothing_to_put_back(broker, queue, parked):
    assert put_back(broker, parked, queue) == 0
