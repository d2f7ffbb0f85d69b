import json

import pytest

from flows.murfey.gateway_desks import desks, receive_fit, receive_request
from tasks.errors import InputError
from tasks.ledger import open_ledger, take
from tasks.settings import Settings

FIT = {
    "ispyb_command": "buffer",
    "buffer_lookup": {"particle_classification_id": 203},
    "buffer_command": {"ispyb_command": "insert_particle_classification"},
    "program_id": 56986705,
    "bfactor_fit_intercept": "-0.154",
    "bfactor_fit_linear": "0.0217",
}


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def with_ispyb(monkeypatch, tmp_path):
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", str(tmp_path / "ispyb.cfg"))


def test_each_queue_has_its_desk():
    settings = Settings(murfey_queue="requests", foreign_queue="others", connector_queue="fits")
    found = desks(settings)
    assert {queue: desk.foreign for queue, desk in found.items()} == {"requests": "others", "fits": None}


def test_a_site_may_leave_the_connector_to_others():
    assert list(desks(Settings(murfey_queue="requests", connector_queue="none"))) == ["requests"]


@pytest.mark.usefixtures("with_ispyb")
def test_the_fit_of_a_b_factor_is_kept_for_ispyb(ledger):
    assert receive_fit(ledger, json.dumps(FIT).encode(), False).ours
    assert receive_fit(ledger, json.dumps(FIT).encode(), True).ours
    (delivery,) = take(ledger, "ispyb")
    assert delivery.payload["fit"] == {
        "program_id": 56986705,
        "particle_classification_id": 203,
        "bfactor_fit_intercept": -0.154,
        "bfactor_fit_linear": 0.0217,
    }


@pytest.mark.usefixtures("with_ispyb")
def test_a_better_fit_takes_the_place_of_the_first(ledger):
    for linear in ("0.02", "0.03"):
        receive_fit(ledger, json.dumps(FIT | {"bfactor_fit_linear": linear}).encode(), False)
    (delivery,) = take(ledger, "ispyb")
    assert delivery.payload["fit"]["bfactor_fit_linear"] == 0.03


def test_a_site_without_ispyb_keeps_no_fit_for_it(ledger, monkeypatch):
    for name in ("CRYOEM_FLOWS_ISPYB", "ISPYB_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    assert receive_fit(ledger, json.dumps(FIT).encode(), False).ours
    assert take(ledger, "ispyb") == []


def test_other_commands_of_ispyb_are_for_others(ledger):
    assert not receive_fit(ledger, b'{"ispyb_command": "insert_movie"}', False).ours
    assert take(ledger, "ispyb") == []


def test_recipes_of_others_are_for_others(ledger):
    received = receive_request(ledger, b'{"recipes": ["sxt-tomo-align"], "parameters": {}}', False)
    assert (received.recipe, received.ours, list(received.arrivals)) == ("sxt-tomo-align", False, [])


@pytest.mark.parametrize("receive", [receive_request, receive_fit])
def test_what_is_no_message_is_refused(ledger, receive):
    with pytest.raises(InputError):
        receive(ledger, b"no JSON", False)
