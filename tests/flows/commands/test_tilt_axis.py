from pathlib import Path

from typer.testing import CliRunner

from flows.__main__ import app
from tasks.models import Alignment
from tasks.reuse import Place, once


def test_the_tilt_axis_is_pooled_over_the_series_of_a_session(tmp_path):
    for name, axis in (("a", 84.0), ("b", 84.2), ("c", 84.1)):
        found = Alignment(tilts=(), tilt_axis_angle=axis, score=1, transforms=Path("a.xf"), program="test")
        place = Place(tmp_path / name / "tilt_series_alignment" / f"{name}.json", Alignment, {"name": name})
        once(place, lambda found=found: found)
    said = CliRunner().invoke(app, ["tilt-axis", str(tmp_path)], catch_exceptions=False).stdout
    assert said == "84.10 degree, +- 0.15 among 3 series\n"
