import json
import os
import signal
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError, URLError

import pytest
from gateways import until
from rabbitmq_server import free_ports
from typer.testing import CliRunner

from flows.__main__ import app
from flows.commands.murfey import parameters_of
from tasks.broker.parking import FROM, REASON
from tasks.errors import InputError
from tasks.ledger import Ledger, all_sessions, open_ledger

VISIT = "/data/2026/cm12345-1"


@pytest.fixture
def ledger(tmp_path, monkeypatch) -> Ledger:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", url)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    ledger = open_ledger(url)
    yield ledger
    ledger.close()


@pytest.fixture
def queues(rabbitmq, monkeypatch) -> dict[str, str]:
    """The queues of a site, whose broker is set."""
    found = {name: rabbitmq.make() for name in ("murfey_queue", "connector_queue", "parked_queue")}
    for name, queue in found.items():
        monkeypatch.setenv(f"CRYOEM_FLOWS_{name.upper()}", queue)
    monkeypatch.setenv("CRYOEM_FLOWS_BROKER", rabbitmq.url)
    return found


def preprocess(number: int = 1) -> list[str]:
    """The parameters of a movie, as a person says them."""
    movie = f"{VISIT}/raw7/Images-Disc1/GridSquare_111/Data/FoilHole_{number}_fractions.tiff"
    corrected = f"{VISIT}/processed/raw7/MotionCorr/job002/Movies/FoilHole_{number}_fractions_motion_corrected.mrc"
    numbers = {"pixel_size": 0.831, "kv": 300, "fm_dose": 1.1, "image_number": number, "ft_bin": 1}
    return [f"movie={movie}", f"mrc_out={corrected}", *(f"{name}={value}" for name, value in numbers.items())]


def submitted(*words: str):
    return CliRunner().invoke(app, ["submit", *words])


def test_values_are_read_as_json_if_they_are():
    settings = ["a=1", "b=1.5", "c=true", "d=null", 'e=[1, "x"]', "f=a=b", "g=007", "h=NaN", "i=", "j=/path/to"]
    assert parameters_of(settings) == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": [1, "x"],
        "f": "a=b",
        "g": "007",
        "h": "NaN",
        "i": "",
        "j": "/path/to",
    }


@pytest.mark.parametrize("setting", ["pixel_size", "=1.35"])
def test_what_is_no_parameter_is_refused(setting):
    with pytest.raises(InputError, match="expected KEY=VALUE"):
        parameters_of([setting])


def test_without_a_broker_what_is_submitted_stands_in_the_ledger(ledger):
    first, again = submitted("em-spa-preprocess", *preprocess()), submitted("em-spa-preprocess", *preprocess())
    assert first.exit_code == again.exit_code == 0, first.output
    (session,) = all_sessions(ledger)
    assert session.kind == "spa"
    assert f"FoilHole_1_fractions.tiff of session {session.name} waits" in first.output
    assert "that is done or under way already" in again.output


def test_with_a_broker_what_is_submitted_goes_the_way_of_murfey(rabbitmq, ledger, queues):
    result = submitted("em-spa-preprocess", *preprocess())
    assert f"em-spa-preprocess is in the queue {queues['murfey_queue']}" in result.output
    (message,) = rabbitmq.read(queues["murfey_queue"])
    body = json.loads(message.body)
    assert body["recipes"] == ["em-spa-preprocess"]
    assert (body["parameters"]["pixel_size"], body["parameters"]["kv"]) == (0.831, 300)
    assert (message.headers, message.properties.delivery_mode) == ({}, 2)
    assert all_sessions(ledger) == []


def test_with_a_broker_too_it_can_go_straight_to_the_ledger(rabbitmq, ledger, queues):
    assert submitted("em-spa-preprocess", *preprocess(), "--ledger").exit_code == 0
    assert len(all_sessions(ledger)) == 1
    assert rabbitmq.waiting(queues["murfey_queue"]) == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["sxt-tomo-align", "a=1"], "recipe: sxt-tomo-align; expected one of ours"),
        (["em-spa-preprocess", "movie=/a.tiff"], "em-spa-preprocess: mrc_out: missing"),
        (["em-spa-preprocess", *preprocess(), "--broker"], "CRYOEM_FLOWS_BROKER: not set"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(ledger, words, problem):
    result = submitted(*words)
    assert isinstance(result.exception, InputError)
    assert problem in str(result.exception)
    assert all_sessions(ledger) == []


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_murfey_is_served_until_told_to_stop(rabbitmq, tmp_path, ledger, queues, told):
    (port,) = free_ports(1)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows", "murfey", "--no-events", "--port", str(port)], stderr=log, env=os.environ
        )
    try:
        until(lambda: health(port) == (200, {"healthy": True}))
        assert submitted("em-spa-preprocess", *preprocess()).exit_code == 0
        rabbitmq.send(queues["murfey_queue"], b"poison")
        until(lambda: len(all_sessions(ledger)) == 1 and rabbitmq.waiting(queues["parked_queue"]) == 1)
        figures = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        process.send_signal(told)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    labels = f'outcome="taken",queue="{queues["murfey_queue"]}",recipe="em-spa-preprocess"'
    assert f"cryoem_gateway_messages_total{{{labels}}} 1.0" in figures
    said = (tmp_path / "log").read_text()
    assert said.endswith("stopped\n")
    assert "guest:guest" not in said
    assert rabbitmq.waiting(queues["murfey_queue"]) == 0


def test_a_gateway_without_broker_or_ledger_says_so_and_can_be_stopped(tmp_path, monkeypatch):
    port, nobody = free_ports(2)
    monkeypatch.setenv("CRYOEM_FLOWS_BROKER", f"amqp://me:secret@127.0.0.1:{nobody}/")
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows", "murfey", "--no-events", "--port", str(port)], stderr=log
        )
    try:
        until(lambda: "no connection to the broker" in health(port)[1].get("broker", ""))
        assert health(port)[0] == 503
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert "secret" not in (tmp_path / "log").read_text()


def test_a_gateway_needs_to_know_the_broker():
    result = CliRunner().invoke(app, ["murfey"])
    assert isinstance(result.exception, InputError)
    assert "CRYOEM_FLOWS_BROKER: not set; expected Where RabbitMQ is" in str(result.exception)


def test_parked_messages_are_put_back(rabbitmq, queues):
    rabbitmq.send(queues["parked_queue"], b"1", headers={FROM: queues["connector_queue"], REASON: "bug"})
    rabbitmq.send(queues["parked_queue"], b"2")
    result = CliRunner().invoke(app, ["murfey", "--put-back"])
    assert "2 messages were put back" in result.output
    assert [message.body for message in rabbitmq.read(queues["connector_queue"])] == [b"1"]
    assert [message.body for message in rabbitmq.read(queues["murfey_queue"])] == [b"2"]


def health(port: int) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
    except (URLError, ConnectionError):
        return 0, {}
