from pydantic import TypeAdapter

from tasks.tomogram_reconstruction import (
    AreTomo3Reconstruction,
    EmbeddedReconstruction,
    TomogramReconstructor,
    reconstruct_tomogram,
)


def test_a_tomogram_is_not_reconstructed_twice(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tool = EmbeddedReconstruction(binning=2, halves=False)
    first = reconstruct_tomogram.fn(recorded.series, recorded.alignment, tool, tmp_path / "out")
    written = first.path.stat().st_mtime_ns
    again = reconstruct_tomogram.fn(
        recorded.series, recorded.alignment, tool.model_copy(update={"threads": 2}), tmp_path / "out"
    )
    assert again == first
    assert first.path.stat().st_mtime_ns == written


def test_the_tool_is_chosen_by_its_name():
    adapter = TypeAdapter(TomogramReconstructor)
    assert adapter.validate_python({"tool": "embedded", "binning": 8}) == EmbeddedReconstruction(binning=8)
    assert adapter.validate_python({"tool": "aretomo3", "gpu": 1}) == AreTomo3Reconstruction(gpu=1)
