"""Plots for pages that draw them themselves: points as JSON, in the form that Plotly reads."""

import json
from collections.abc import Sequence
from pathlib import Path

from tasks.formats.files import replacing

Points = Sequence[tuple[float, float]]

_DIGITS = 4


def write_scatter(path: Path, points: Points, title: str, axes: tuple[str, str]) -> Path:
    """Write the points of a plot, joined in their order; the axes are named with their units."""
    curve = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [round(x, _DIGITS) for x, _ in points],
        "y": [round(y, _DIGITS) for _, y in points],
    }
    layout = {"title": {"text": title}, "xaxis": {"title": {"text": axes[0]}}, "yaxis": {"title": {"text": axes[1]}}}
    with replacing(path) as beside:
        beside.write_text(json.dumps({"data": [curve], "layout": layout}, allow_nan=False))
    return path
