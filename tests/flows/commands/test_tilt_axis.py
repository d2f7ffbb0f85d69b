from pathlib import Path

from typer.testing import CliRunner

from flows.__main__ import app
from tasks.models import Alignment, Answer, Opinion
from tasks.reuse import Place, once


def test_the_tilt_axis_is_pooled_over_the_series_of_a_session(tmp_path):
    for name, axis in (("a", 84.0), ("b", 84.2), ("c", 84.1)):
        found = Alignment(tilts=(), tilt_axis_angle=axis, score=1, transforms=Path("a.xf"), program="test")
        place = Place(tmp_path / name / "tilt_series_alignment" / f"{name}.json", Alignment, {"name": name})
        once(place, lambda found=found: found)
    said = CliRunner().invoke(app, ["tilt-axis", str(tmp_path)], catch_exceptions=False).stdout
    assert said == "84.10 degree, +- 0.15 among 3 series\n"


def test_of_two_tools_the_one_that_is_believed_counts(tmp_path):
    for name, (first, second, won) in {
        "a": (84.0, 10.0, "first"),
        "b": (84.2, 20.0, "first"),
        "c": (30.0, 84.1, "second"),
    }.items():
        answers = []
        for folder, axis in (("", first), ("second_opinion", second)):
            found = Alignment(tilts=(), tilt_axis_angle=axis, score=1, transforms=Path("a.xf"), program="test")
            record = tmp_path / name / folder / "tilt_series_alignment" / f"{name}.json"
            once(Place(record, Alignment, {"name": name}), lambda found=found: found)
            answers.append(Answer[Alignment](tool="embedded", found=found, agreement=axis, digest="d"))
        opinion = Opinion[Alignment](why="", measure="", first=answers[0], second=answers[1], won=won)
        record = tmp_path / name / "second_opinion_of_tilt_series_alignment" / f"{name}.json"
        once(Place(record, Opinion[Alignment], {}), lambda opinion=opinion: opinion)
    said = CliRunner().invoke(app, ["tilt-axis", str(tmp_path)], catch_exceptions=False).stdout
    assert said == "84.10 degree, +- 0.15 among 3 series\n"
