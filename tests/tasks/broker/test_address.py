import pytest
from pydantic import SecretStr

from tasks.broker.address import addresses
from tasks.errors import InputError


def test_the_brokers_of_a_cluster_are_tried_one_after_the_other():
    found = addresses(SecretStr("amqp://me:secret@first:5673/facility amqp://me:secret@second/%2F"), "gateway")
    assert [(one.host, one.port, one.virtual_host) for one in found] == [
        ("first", 5673, "facility"),
        ("second", 5672, "/"),
    ]
    assert {one.client_properties["connection_name"] for one in found} == {"gateway"}


def test_a_site_may_say_how_often_it_wants_a_sign_of_life():
    assert addresses(SecretStr("amqp://me:secret@host/?heartbeat=7"), "gateway")[0].heartbeat == 7
    assert addresses(SecretStr("amqp://me:secret@host/"), "gateway")[0].heartbeat == 60


def test_a_broker_that_blocks_does_not_let_us_wait_for_ever():
    assert addresses(SecretStr("amqp://me:secret@host/"), "gateway")[0].blocked_connection_timeout == 60


@pytest.mark.parametrize(
    "url", ["", "  ", "http://me:secret@host", "amqp://me:secret@host:many/", "amqp://me:secret@a b"]
)
def test_what_is_no_address_is_refused_without_showing_it(url):
    with pytest.raises(InputError) as refused:
        addresses(SecretStr(url), "gateway")
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
