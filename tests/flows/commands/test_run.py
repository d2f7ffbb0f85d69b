from flows.parameters import with_tools
from flows.tomography import Tomography


def test_the_default_tool_is_meant_where_none_is_named():
    given = {"name": "a", "reconstructor": {"binning": 2}, "denoiser": {"tool": "topaz"}}
    expected = {"name": "a", "reconstructor": {"tool": "embedded", "binning": 2}, "denoiser": {"tool": "topaz"}}
    assert with_tools(given, Tomography) == expected
