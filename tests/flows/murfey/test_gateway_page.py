import json
import urllib.request
from urllib.error import HTTPError

import pytest
from prometheus_client import CollectorRegistry, Counter

from flows.murfey.gateway_health import Health
from flows.murfey.gateway_page import pages
from tasks.errors import InputError


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def port(health):
    registry = CollectorRegistry()
    Counter("stars", "Stars that were seen.", registry=registry).inc(3)
    with pages("127.0.0.1", 0, health, registry) as port:
        yield port


def test_all_is_well_when_broker_and_ledger_were_reached(port, health):
    health.reached("broker")
    health.reached("ledger")
    assert ask(port, "/health") == (200, {"healthy": True})


def test_the_health_page_says_what_is_wrong(port, health):
    health.reached("ledger")
    health.lost("broker", "connection refused")
    assert ask(port, "/health?verbose=1") == (503, {"healthy": False, "broker": "not reached yet: connection refused"})


def test_the_metrics_are_in_the_words_of_prometheus(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert "stars_total 3.0" in answer.read().decode().splitlines()
        assert answer.headers["Content-Type"].startswith("text/plain")


def test_there_are_no_other_pages(port):
    with pytest.raises(HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/admin", timeout=10)


def test_a_port_that_is_taken_is_refused(port, health):
    with pytest.raises(InputError, match=rf"health port: 127\.0\.0\.1:{port}: Address already in use"):
        pages("127.0.0.1", port, health, CollectorRegistry()).__enter__()


def ask(port: int, page: str) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
