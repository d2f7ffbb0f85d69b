import pytest

from flows.parameters import merged
from tasks.errors import InputError


def test_values_are_set_where_their_key_says():
    parameters = {"name": "a", "source": {"kind": "mdoc"}}
    settings = ["source.acquisition.pixel_size=1.35", "denoiser.tool=topaz", "source.kind=stack"]
    assert merged(parameters, settings) == {
        "name": "a",
        "source": {"kind": "stack", "acquisition": {"pixel_size": 1.35}},
        "denoiser": {"tool": "topaz"},
    }
    assert parameters == {"name": "a", "source": {"kind": "mdoc"}}


def test_lists_and_nothing_can_be_said():
    assert merged({}, ["a.range=[5000, 50000]", "a.gain=null"]) == {"a": {"range": [5000, 50000], "gain": None}}


@pytest.mark.parametrize("setting", ["a", "=1", "a..b=1"])
def test_refuses_what_is_not_key_and_value(setting):
    with pytest.raises(InputError, match=r"--set: .*expected KEY=VALUE"):
        merged({}, [setting])


def test_refuses_to_set_within_a_value():
    with pytest.raises(InputError, match="name to be a group"):
        merged({"name": "a"}, ["name.x=1"])
