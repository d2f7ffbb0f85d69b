import json

import pytest
from gateways import Site, opened, receive, request
from sqlalchemy import event

from tasks.broker import Broker, Received
from tasks.broker.parking import FROM, REASON
from tasks.ledger import LedgerError


@pytest.fixture
def site(rabbitmq, tmp_path) -> Site:
    ledger = opened(f"sqlite:///{tmp_path}/ledger.db")
    yield Site(rabbitmq.url, ledger, rabbitmq.make(), rabbitmq.make(), rabbitmq.make())
    ledger.close()


@pytest.fixture
def take(rabbitmq, site):
    """Take a message as the gateway does."""

    def take(body: bytes, **properties: object):
        rabbitmq.send(site.queue, body, **properties)
        gateway = site.gateway()
        with Broker(gateway.url) as broker:
            message: Received = broker.fetch(site.queue)
            (arrivals,) = gateway.intake.take(broker, [message])
            broker.settle(message)
        return arrivals

    return take


def test_what_is_asked_for_stands_in_the_ledger(site, take):
    assert [arrival.key for arrival in take(request(1))] == ["/data/00001.tif"]
    assert site.movies() == {"/data/00001.tif": 0}
    assert take(request(1)) == []
    assert site.sample("messages_total", queue=site.queue, recipe="em-spa-preprocess", outcome="taken") == 2
    assert site.sample("handling_seconds_count") == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"no JSON", "message: b'no JSON'; expected JSON"),
        (b"\xff\xfe", "message: b'\\xff\\xfe'; expected JSON"),
        (b'{"bug": "seven"}', "an error of ours: ZeroDivisionError: seven"),
    ],
)
def test_a_message_that_cannot_be_used_is_parked_with_the_reason(rabbitmq, site, take, body, reason):
    assert take(body, headers={"theirs": 1}) == ()
    (parked,) = rabbitmq.read(site.parked)
    assert parked.body == body
    assert (parked.headers["theirs"], parked.headers[REASON], parked.headers[FROM]) == (1, reason, site.queue)
    assert site.sample("messages_total", queue=site.queue, recipe="other", outcome="parked") == 1
    assert rabbitmq.waiting(site.queue) == 0


def test_of_several_messages_one_that_cannot_be_used_keeps_none_from_the_ledger(rabbitmq, site):
    bodies = [request(1), b"no JSON", b'{"bug": "seven"}', b'{"recipes": ["sxt-align"]}', request(2)]
    rabbitmq.send(site.queue, *bodies)
    gateway, transactions = site.gateway(), []
    event.listen(site.ledger.engine, "commit", transactions.append)
    with Broker(gateway.url) as broker:
        messages = [broker.fetch(site.queue) for _ in bodies]
        arrived = gateway.intake.take(broker, messages)
        broker.settle(messages[-1])
    assert len(transactions) == 1
    assert [len(each) for each in arrived] == [1, 0, 0, 0, 1]
    assert list(site.movies()) == ["/data/00001.tif", "/data/00002.tif"]
    assert [parked.body for parked in rabbitmq.read(site.parked)] == bodies[1:3]
    assert [passed.body for passed in rabbitmq.read(site.foreign)] == bodies[3:4]


def test_a_message_for_others_is_passed_on_as_it_came(rabbitmq, site, take):
    body = b'{ "recipes":["sxt-align"],\n"parameters": {"z": 1, "a": [1.50]}}'
    assert take(body, headers={"x": "y"}, content_type="text/json") == ()
    (passed,) = rabbitmq.read(site.foreign)
    assert (passed.body, passed.headers, passed.properties.content_type) == (body, {"x": "y"}, "text/json")
    assert site.sample("messages_total", queue=site.queue, recipe="other", outcome="passed on") == 1
    assert rabbitmq.waiting(site.parked) == 0


@pytest.mark.parametrize(
    ("foreign", "reason"),
    [
        (None, "sxt-align is not ours, and no queue is set to pass it on to"),
        ("nowhere", "sxt-align is not ours, and there is no queue nowhere to pass it on to"),
    ],
)
def test_a_message_for_others_whose_queue_is_not_there_is_parked(rabbitmq, site, take, foreign, reason):
    site.foreign = foreign
    take(json.dumps({"recipes": ["sxt-align"]}).encode())
    assert [parked.headers[REASON] for parked in rabbitmq.read(site.parked)] == [reason]


def test_a_message_stays_in_hand_while_the_ledger_is_away(rabbitmq, site, take):
    def refuse(*_):
        raise LedgerError("the ledger did not answer")

    site.receive = refuse
    with pytest.raises(LedgerError):
        take(request(1))
    assert rabbitmq.waiting(site.queue) == 1
    site.receive = receive
    assert rabbitmq.waiting(site.parked) == 0
