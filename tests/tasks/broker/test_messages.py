from pika import BasicProperties

from tasks.broker import Received, new_properties, properties_again


def test_a_message_of_ours_has_a_table_of_headers_and_outlives_the_broker():
    properties = new_properties("motion_corrected/7")
    assert (properties.headers, properties.delivery_mode, properties.message_id) == ({}, 2, "motion_corrected/7")


def test_an_identity_that_is_too_long_for_the_envelope_is_cut_to_what_still_tells_it_from_others():
    first, second = (
        new_properties(f"picked_particles {'/a/long/folder' * 30} {number}").message_id for number in (1, 2)
    )
    assert first != second
    assert max(len(first), len(second)) <= 255
    assert new_properties("é" * 128).message_id != "é" * 128
    assert new_properties("é" * 127).message_id == "é" * 127
    assert new_properties().message_id is None


def test_a_message_without_headers_gets_a_table_of_them_on_its_way():
    message = Received("queue", b"{}", BasicProperties(), 1)
    assert message.headers == {}
    assert properties_again(message.properties, message.headers).headers == {}


def test_what_the_broker_would_refuse_or_deliver_twice_is_left_out_on_the_way():
    first = BasicProperties(headers={"a": 1, "CC": ["other"]}, user_id="murfey", content_type="text/plain", priority=3)
    again = properties_again(first, first.headers)
    assert again == BasicProperties(headers={"a": 1}, content_type="text/plain", priority=3)
    assert first.user_id == "murfey"


def test_numbers_in_headers_that_our_client_cannot_write_become_text():
    headers = {"a": 1.5, "b": {"c": [2, 0.1]}, "d": True}
    assert properties_again(BasicProperties(), headers).headers == {"a": "1.5", "b": {"c": [2, "0.1"]}, "d": True}
