import numpy as np
import pytest
from pydantic import TypeAdapter

from tasks.ctf_estimation import CtfEstimator, Ctffind4, EmbeddedCtf, estimate_ctf
from tasks.models import Optics


@pytest.mark.parametrize("member", [EmbeddedCtf(), Ctffind4(executable="/opt/ctffind")])
def test_a_tool_is_chosen_by_its_name(member):
    assert TypeAdapter(CtfEstimator).validate_python(member.model_dump()) == member


def test_every_section_of_a_stack_has_a_result_of_its_own(rings, save, tmp_path):
    stack = np.stack([rings(384, 1.5, (d, d), 0, seed=2, strength=1.0) for d in (8000, 14000)])
    first = save(stack)
    second = first.model_copy(update={"section": 1})
    found = [estimate_ctf.fn(item, Optics(), EmbeddedCtf(), tmp_path / "ctf") for item in (first, second)]
    assert [round(ctf.defocus, -3) for ctf in found] == [8000, 14000]
    assert sorted(path.name for path in (tmp_path / "ctf").glob("*.json")) == [
        "image_ctf.json",
        "image_section001_ctf.json",
    ]


def test_a_result_is_not_found_twice(rings, save, tmp_path):
    micrograph = save(rings(384, 1.5, (9000, 9000), 0, seed=3))
    first = estimate_ctf.fn(micrograph, Optics(), EmbeddedCtf(), tmp_path)
    written = first.diagnostic.stat().st_mtime_ns
    assert estimate_ctf.fn(micrograph, Optics(), EmbeddedCtf(), tmp_path) == first
    assert first.diagnostic.stat().st_mtime_ns == written
    estimate_ctf.fn(micrograph, Optics(), EmbeddedCtf(tile=600), tmp_path)
    assert first.diagnostic.stat().st_mtime_ns != written
