"""The gateway with a real broker, which is killed, and ledgers that go away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import gateways
import pytest
from gateways import Site, opened, receive, request, until

from tasks.broker.parking import FROM, REASON
from tasks.ledger import Message, post, posted

COUNT = 200


@pytest.fixture
def site(rabbitmq, tmp_path) -> Site:
    ledger = opened(f"sqlite:///{tmp_path}/ledger.db")
    yield Site(rabbitmq.url, ledger, rabbitmq.make(), rabbitmq.make(), rabbitmq.make())
    ledger.close()


@pytest.fixture
def everything() -> dict[str, int]:
    """The movies of all requests, each announced once."""
    return {f"/data/{number:05}.tif": 0 for number in range(COUNT)}


def test_all_that_is_asked_for_arrives_and_is_announced(rabbitmq, site, everything):
    rabbitmq.send(site.queue, *map(request, range(COUNT)))
    with site.running():
        until(lambda: site.movies() == everything and len(site.announced) == COUNT)
    assert sorted(arrival.key for arrival in site.announced) == sorted(everything)
    assert rabbitmq.waiting(site.queue) == 0
    assert site.health.problems() == {}
    assert site.sample("connections_total") == 1


def test_the_same_requests_again_change_nothing(rabbitmq, site, everything):
    rabbitmq.send(site.queue, *map(request, [*range(COUNT), *range(COUNT)]))
    with site.running():
        until(lambda: len(site.announced) == COUNT and rabbitmq.waiting(site.queue) == 0)
    assert rabbitmq.waiting(site.queue) == 0
    assert (site.movies(), len(site.announced)) == (everything, COUNT)


def test_poison_is_parked_once_and_keeps_nobody(rabbitmq, site, everything):
    poison = [b"no JSON", b'{"bug": 1}', b"[" * 100_000, b"", b'"\\ud800"', b"\xff"]
    half = COUNT // 2
    rabbitmq.send(site.queue, *map(request, range(half)), *poison, *map(request, range(half, COUNT)))
    with site.running():
        until(lambda: site.movies() == everything)
        until(lambda: rabbitmq.waiting(site.parked) == len(poison))
    parked = rabbitmq.read(site.parked)
    assert [message.body for message in parked] == poison
    assert {message.headers[FROM] for message in parked} == {site.queue}
    assert all(message.headers[REASON] for message in parked)
    assert rabbitmq.waiting(site.queue) == 0


def test_recipes_for_others_are_passed_on_byte_by_byte(rabbitmq, site):
    foreign = b'{"recipes": ["sxt-tomo-align"],\n "parameters":{"b":1.50, "a":"\\u00c5"} }'
    rabbitmq.send(site.queue, foreign, request(1), headers={"kept": True}, correlation_id="7")
    with site.running():
        until(lambda: len(site.movies()) == 1 and rabbitmq.waiting(site.foreign) == 1)
    (passed,) = rabbitmq.read(site.foreign)
    assert (passed.body, passed.headers, passed.properties.correlation_id) == (foreign, {"kept": True}, "7")


def test_queues_that_are_not_there_yet_are_made(rabbitmq, site):
    site.queue, site.parked = f"{site.queue}.new", f"{site.parked}.new"
    with site.running():
        until(lambda: site.sample("connections_total") == 1)
        rabbitmq.send(site.queue, request(1), b"poison")
        until(lambda: len(site.movies()) == 1 and rabbitmq.waiting(site.parked) == 1)


def test_who_dies_between_ledger_and_settlement_leaves_nothing_undone_and_nothing_twice(
    rabbitmq, tmp_path, site, everything
):
    rabbitmq.send(site.queue, *map(request, range(COUNT)))
    ledger = f"sqlite:///{tmp_path}/ledger.db"
    for deaths in range(1, 4):
        command = [sys.executable, gateways.__file__, site.url, ledger, site.queue, site.parked]
        # Prefect is imported, but its server is not wanted.
        environment = os.environ | {"PREFECT_HOME": str(tmp_path), "PYTHONPATH": str(Path(gateways.__file__).parent)}
        assert subprocess.run(command, check=False, env=environment).returncode == -signal.SIGKILL
        # What was in the ledger was not settled, and comes again.
        until(lambda: rabbitmq.waiting(site.queue) == COUNT)
        written = len(site.movies())
        assert written > 0, deaths
    with site.running():
        until(lambda: site.movies() == everything)
        until(
            lambda: (
                site.sample("messages_total", queue=site.queue, recipe="em-spa-preprocess", outcome="taken") == COUNT
            )
        )
    assert len(site.announced) == COUNT - written
    assert (rabbitmq.waiting(site.queue), rabbitmq.waiting(site.parked)) == (0, 0)


def test_a_broker_that_is_killed_in_the_middle_costs_nothing(rabbitmq, site, everything):
    rabbitmq.send(site.queue, *map(request, range(COUNT)))
    post(site.ledger, [told(number, site.foreign) for number in range(COUNT)])
    site.rate = 50
    with site.running():
        until(lambda: len(site.movies()) > 10)
        rabbitmq.kill()
        until(lambda: site.sample("losses_total", part="broker") > 0)
        rabbitmq.start()
        rabbitmq.send(site.queue, request(COUNT))
        everything |= {f"/data/{COUNT:05}.tif": 0}
        until(lambda: site.movies() == everything)
        until(lambda: posted(site.ledger, "murfey") == {"sent": COUNT})
    assert sorted(arrival.key for arrival in site.announced) == sorted(everything)
    published = [message.properties.message_id for message in rabbitmq.read(site.foreign)]
    # One may have been on its way when the broker died.
    assert list(dict.fromkeys(published)) == [f"event/{number:03}" for number in range(COUNT)]
    assert len(published) <= COUNT + 1
    assert rabbitmq.waiting(site.queue) == 0


def test_a_ledger_that_is_away_for_a_while_costs_nothing_and_no_message_goes_back(
    rabbitmq, postgresql, empty_postgresql, everything
):
    # A queue that throws away what goes back to it twice.
    queue = rabbitmq.make(**{"x-queue-type": "quorum", "x-delivery-limit": 1})
    ledger = opened(empty_postgresql())
    site = Site(rabbitmq.url, ledger, queue, rabbitmq.make())
    again = []

    def receive_and_note(ledger, body, redelivered):
        if redelivered:
            again.append(body)
        return receive(ledger, body, redelivered)

    site.receive = receive_and_note
    rabbitmq.send(queue, *map(request, range(COUNT // 2)))
    with site.running():
        until(lambda: len(site.movies()) > 10)
        postgresql.kill()
        rabbitmq.send(queue, *map(request, range(COUNT // 2, COUNT)))
        until(lambda: site.sample("losses_total", part="ledger") > 1)
        postgresql.start()
        until(lambda: site.movies() == everything)
    assert again == []
    assert sorted({arrival.key for arrival in site.announced}) == sorted(everything)
    ledger.close()


def test_who_is_told_to_stop_settles_what_is_in_the_ledger_and_leaves_the_rest(rabbitmq, site):
    rabbitmq.send(site.queue, *map(request, range(3000)))
    with site.running():
        until(lambda: len(site.movies()) > 10)
    taken = len(site.movies())
    assert taken < 3000
    assert rabbitmq.waiting(site.queue) == 3000 - taken


def test_murfey_is_told_what_the_outbox_holds(rabbitmq, site):
    post(site.ledger, [told(number, site.foreign) for number in range(5)])
    with site.running():
        until(lambda: posted(site.ledger, "murfey") == {"sent": 5})
    messages = rabbitmq.read(site.foreign)
    assert [message.properties.message_id for message in messages] == [f"event/{number:03}" for number in range(5)]
    assert all(message.headers == {} for message in messages)


def told(number: int, queue: str) -> Message:
    return Message(target="murfey", key=f"event/{number:03}", payload={"queue": queue, "body": {"register": "done"}})
