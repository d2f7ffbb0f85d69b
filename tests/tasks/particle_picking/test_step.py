from typing import get_args

import pytest
from pydantic import TypeAdapter

from tasks.particle_picking import (
    EmbeddedPicking,
    ParticlePicker,
    RelionLog,
    Topaz,
    has_one_diameter,
    pick_particles,
)


def test_the_tool_chooses_the_picker():
    adapter = TypeAdapter(ParticlePicker)
    assert adapter.validate_python({"tool": "topaz", "diameter": 90}) == Topaz(diameter=90)
    assert adapter.validate_python({"tool": "relion"}) == RelionLog()


def test_the_tools_that_have_one_diameter_are_those_with_such_a_field():
    members = get_args(get_args(ParticlePicker)[0])
    for member in members:
        assert has_one_diameter(member.model_fields["tool"].default) == ("diameter" in member.model_fields)
        assert ("diameter" in member.model_fields) != ("diameter_range" in member.model_fields)


@pytest.mark.parametrize("changed", [False, True])
def test_picks_once_unless_something_changes(changed, simulated, micrograph, tmp_path):
    picker = EmbeddedPicking(diameter_range=(150, 150))
    image = micrograph(simulated[0])
    first = pick_particles.fn(image, picker, tmp_path / "out")
    before = first.coordinates.stat().st_mtime_ns
    again = picker.model_copy(update={"threshold": 7.0}) if changed else picker
    second = pick_particles.fn(image, again, tmp_path / "out")
    assert (second == first) is not changed
    assert (second.coordinates.stat().st_mtime_ns == before) is not changed
