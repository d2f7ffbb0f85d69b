"""A folder that WarpTools goes on with: tilt series that are aligned, with the averages of their frames.

warp/tomostar/NAME.tomostar            what Warp starts from: the tilts that are used, aligned
warp/warp_tiltseries/NAME.xml          the same with the CTF, as Warp keeps it
warp/warp_frameseries/TILT.xml         the CTF of each tilt
warp/warp_frameseries/average/TILT.mrc the averages, as links
warp/settings.sh                       makes the two settings files that WarpTools wants
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.errors import InputError
from tasks.formats.files import replacing
from tasks.formats.mrc import header, read_image, write_mrc
from tasks.hand_over.tomostar import write_tomostar
from tasks.hand_over.warp_metadata import write_frame_series, write_tilt_series
from tasks.hand_over.warp_series import Hand, WarpSeries, WarpTilt, warp_series
from tasks.project.found import ProcessedTiltSeries
from tasks.project.places import link

_FRAMES, _SERIES, _TOMOSTAR = "warp_frameseries", "warp_tiltseries", "tomostar"
_SPARSE = 10
"""Of so many pixels one tells the median of an image."""


def write_warp_folder(folder: Path, found: Sequence[ProcessedTiltSeries], hand: Hand = -1) -> tuple[str, ...]:
    """Write the aligned tilt series of a session as WarpTools reads them; return their names.

    Those of earlier calls stay. ``hand`` is rlnTomoHand, as in a project for RELION.
    """
    aligned = [warp_series(one, hand) for one in found if one.alignment is not None]
    if not aligned:
        raise InputError(folder, "no aligned tilt series", "at least one to hand over")
    for series in aligned:
        _write(folder, series)
    with replacing(folder / "settings.sh") as beside:
        beside.write_text(settings(aligned))
    return tuple(series.name for series in aligned)


def settings(aligned: Sequence[WarpSeries]) -> str:
    """Return the commands that make the settings files of a session; the largest tomogram decides."""
    first = aligned[0]
    numbers = f"--angpix {first.pixel_size:.6g} --exposure {first.dose_per_tilt:.6g}"
    volumes = [series.volume for series in aligned if series.volume]
    sizes = [max(volume[axis] for volume in volumes) for axis in range(3)] if volumes else []
    dimensions = f" --tomo_dimensions {'x'.join(map(str, sizes))}" if sizes else ""
    frames = f"--folder_data {_FRAMES}/average --extension '*.mrc' --folder_processing {_FRAMES}"
    tilts = f"--folder_data {_TOMOSTAR} --extension '*.tomostar' --folder_processing {_SERIES}"
    return (
        "#!/bin/sh\n# Run in this folder: makes the settings that all commands of WarpTools ask for.\n"
        f"WarpTools create_settings --output {_FRAMES}.settings {frames} {numbers}\n"
        f"WarpTools create_settings --output {_SERIES}.settings {tilts} {numbers}{dimensions}\n"
    )


def _write(folder: Path, series: WarpSeries) -> None:
    intensities = {}
    for tilt in series.tilts:
        intensities[tilt.name] = _average(folder / _FRAMES / "average" / f"{tilt.name}.mrc", tilt, series.pixel_size)
        write_frame_series(folder / _FRAMES / f"{tilt.name}.xml", series, tilt)
    movies = f"../{_FRAMES}"
    write_tilt_series(folder / _SERIES / f"{series.name}.xml", series, movies)
    write_tomostar(folder / _TOMOSTAR / f"{series.name}.tomostar", series, movies, intensities)


def _average(place: Path, tilt: WarpTilt, pixel_size: float) -> float:
    """Have the average of a tilt at a place, as a link if it has a file of its own; return its median."""
    image = read_image(tilt.image, tilt.section)
    if header(tilt.image).shape[0] == 1:
        link(place, tilt.image)
    elif not place.exists():
        write_mrc(place, image, pixel_size)
    return float(np.median(image.ravel()[::_SPARSE]))
