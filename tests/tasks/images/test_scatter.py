import json

import pytest

from tasks.images.scatter import write_scatter


def test_points_are_columns_of_the_first_curve(tmp_path):
    path = write_scatter(tmp_path / "new" / "drift.json", [(0, 0), (1.25, -2.000049)], "Drift", ("x (A)", "y (A)"))
    plot = json.loads(path.read_text())
    assert (plot["data"][0]["x"], plot["data"][0]["y"]) == ([0, 1.25], [0, -2.0])
    assert plot["layout"]["xaxis"]["title"]["text"] == "x (A)"
    assert plot["layout"]["yaxis"]["title"]["text"] == "y (A)"


def test_numbers_that_json_has_not_are_refused_and_leave_nothing(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_scatter(tmp_path / "drift.json", [(0, float("nan"))], "Drift", ("x", "y"))
    assert not list(tmp_path.iterdir())
