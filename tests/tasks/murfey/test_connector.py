import json

import pytest

from tasks.errors import InputError
from tasks.murfey import parse_connector

FIT = {
    "ispyb_command": "buffer",
    "buffer_lookup": {"particle_classification_id": 203},
    "buffer_command": {"ispyb_command": "insert_particle_classification"},
    "program_id": "55",
    "bfactor_fit_intercept": "-0.15",
    "bfactor_fit_linear": 0.02,
}


def test_numbers_may_be_text():
    fit = parse_connector(json.dumps(FIT))
    assert fit.model_dump() == {
        "program_id": 55,
        "particle_classification_id": 203,
        "bfactor_fit_intercept": -0.15,
        "bfactor_fit_linear": 0.02,
    }


def test_a_command_may_stand_among_parameters():
    assert parse_connector({"parameters": FIT}) == parse_connector(FIT)


@pytest.mark.parametrize(
    "other",
    [
        {"ispyb_command": "insert_movie", "dcid": 4},
        {"ispyb_command": "multipart_message", "ispyb_command_list": []},
        FIT | {"buffer_command": {"ispyb_command": "insert_ctf"}},
        FIT | {"buffer_lookup": {"motion_correction_id": 4}},
        FIT | {"buffer_lookup": None},
        FIT | {"buffer_command": "insert_particle_classification"},
        {key: value for key, value in FIT.items() if not key.startswith("bfactor")} | {"selected": 1},
        {},
    ],
)
def test_other_commands_are_for_others(other):
    assert parse_connector(other) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bfactor_fit_linear": "nan"}, "ispyb_connector: bfactor_fit_linear: 'nan'; expected a number"),
        ({"bfactor_fit_intercept": None}, "ispyb_connector: bfactor_fit_intercept: None; expected a number"),
        ({"program_id": 0}, "ispyb_connector: program_id: 0; expected an identifier"),
        (
            {"buffer_lookup": {"particle_classification_id": "x"}},
            "particle_classification_id: 'x'; expected an identif",
        ),
    ],
)
def test_a_fit_that_cannot_be_used_is_refused(change, reason):
    with pytest.raises(InputError, match=reason):
        parse_connector(FIT | change)


def test_what_is_no_message_is_refused():
    with pytest.raises(InputError, match="expected JSON"):
        parse_connector(b"insert_movie")
