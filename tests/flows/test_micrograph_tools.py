import pytest
from pydantic import ValidationError

from flows.micrograph_tools import MicrographTools


def test_particles_cannot_be_looked_up_in_groups_that_are_not_kept():
    asked = {"ice_of_particles": True, "ice_estimator": {"tool": "icebreaker"}}
    with pytest.raises(ValidationError, match=r"it needs ice_estimator\.keep_groups=true"):
        MicrographTools.model_validate(asked)
    asked["ice_estimator"] = {"tool": "icebreaker", "keep_groups": True}
    assert MicrographTools.model_validate(asked).ice_of_particles


def test_the_ice_of_particles_is_found_with_any_other_tool():
    assert MicrographTools(ice_of_particles=True).ice_estimator.tool == "embedded"
    assert not MicrographTools().ice_of_particles
