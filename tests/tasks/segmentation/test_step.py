from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from tasks.segmentation import Easymode, EmbeddedSegmentation, MembrainSeg, Segmenter, segment_tomogram

TOOLS = TypeAdapter(Segmenter)


def test_a_tomogram_is_not_segmented_twice(made, tmp_path):
    tomogram = made(810, 20.0).tomogram
    first = segment_tomogram.fn(tomogram, EmbeddedSegmentation(), tmp_path / "out")
    labels = first.features[0].labels
    written = labels.stat().st_mtime_ns
    assert segment_tomogram.fn(tomogram, EmbeddedSegmentation(threads=2), tmp_path / "out") == first
    assert labels.stat().st_mtime_ns == written


def test_the_tool_is_chosen_by_its_name():
    assert TOOLS.validate_python({"tool": "embedded"}) == EmbeddedSegmentation()
    assert TOOLS.validate_python({"tool": "easymode"}) == Easymode()
    given = {"tool": "membrain_seg", "checkpoint": "/w/a.ckpt"}
    assert TOOLS.validate_python(given) == MembrainSeg(checkpoint=Path("/w/a.ckpt"))


@pytest.mark.parametrize("given", [{"tool": "membrain_seg"}, {"tool": "easymode", "features": []}])
def test_what_a_tool_cannot_do_without_is_asked_for(given):
    with pytest.raises(ValidationError):
        TOOLS.validate_python(given)
