from tasks.tomogram_picking import EmbeddedTomogramPicking, pick_tomogram, place_of_tomogram_picks


def test_picks_are_found_once_and_again_when_the_diameter_changes(filled, tmp_path):
    tomogram, tool = filled(821).tomogram, EmbeddedTomogramPicking(diameter=240)
    first = pick_tomogram.fn("ts_01", tomogram, tool, tmp_path / "out")
    made = first.coordinates.stat().st_mtime_ns
    assert pick_tomogram.fn("ts_01", tomogram, tool, tmp_path / "out") == first
    assert first.coordinates.stat().st_mtime_ns == made
    other = tool.model_copy(update={"diameter": 300.0})
    assert pick_tomogram.fn("ts_01", tomogram, other, tmp_path / "out").diameter == 300
    assert place_of_tomogram_picks("ts_01", tomogram, tool, tmp_path / "out").record.is_file()
