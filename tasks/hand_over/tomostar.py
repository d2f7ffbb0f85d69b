"""The .tomostar file of a tilt series, which Warp starts from."""

from collections.abc import Mapping
from pathlib import Path

from tasks.formats.files import replacing
from tasks.formats.star_text import Value, table
from tasks.hand_over.warp_series import WarpSeries


def write_tomostar(path: Path, series: WarpSeries, movies: str, intensities: Mapping[str, float]) -> None:
    """Write the tilts of a series; ``movies`` is the folder of the frame series, from that of the file.

    The intensities are the medians of the images, by the names of the tilts.
    """
    rows: list[Mapping[str, Value]] = [
        {
            "wrpMovieName": f"{movies}/{tilt.name}.mrc",
            "wrpAngleTilt": tilt.angle,
            "wrpAxisAngle": tilt.axis_angle,
            "wrpAxisOffsetX": tilt.offset[0],
            "wrpAxisOffsetY": tilt.offset[1],
            "wrpDose": tilt.dose,
            "wrpAverageIntensity": intensities[tilt.name],
            "wrpMaskedFraction": 0.0,
        }
        for tilt in series.tilts
    ]
    with replacing(path) as beside:
        beside.write_text(table("", rows))
