"""The metadata that Warp keeps of frame series and of tilt series, as XML.

Defoci are in micrometre, phase shifts in units of pi; the difference of the defoci is the larger minus the smaller.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from pathlib import Path

from tasks.formats.files import replacing
from tasks.hand_over.warp_series import WarpSeries, WarpTilt
from tasks.models import Ctf

_MICROMETRE = 1e4


def write_frame_series(path: Path, series: WarpSeries, tilt: WarpTilt) -> None:
    """Write what is known of the frames of one tilt: the CTF of their average."""
    root = ET.Element("Movie", {"UnselectFilter": "False", "UnselectManual": "null"})
    if tilt.ctf:
        root.set("CTFResolutionEstimate", _number(tilt.ctf.resolution))
    _add_ctf(root, series, tilt.ctf)
    _write(path, root)


def write_tilt_series(path: Path, series: WarpSeries, movies: str) -> None:
    """Write the alignment of a tilt series, and its CTF if that of all tilts is known."""
    attributes = {"AreAnglesInverted": str(series.inverted), "UnselectFilter": "False", "UnselectManual": "null"}
    root = ET.Element("TiltSeries", attributes)
    tilts = series.tilts
    _add_lines(root, "Angles", (_number(tilt.angle) for tilt in tilts))
    _add_lines(root, "Dose", (_number(tilt.dose) for tilt in tilts))
    _add_lines(root, "UseTilt", ("True" for _ in tilts))
    _add_lines(root, "AxisAngle", (_number(tilt.axis_angle) for tilt in tilts))
    _add_lines(root, "AxisOffsetX", (_number(tilt.offset[0]) for tilt in tilts))
    _add_lines(root, "AxisOffsetY", (_number(tilt.offset[1]) for tilt in tilts))
    _add_lines(root, "MoviePath", (f"{movies}/{tilt.name}.mrc" for tilt in tilts))
    ctfs = [tilt.ctf for tilt in tilts if tilt.ctf]
    whole = len(ctfs) == len(tilts)
    smallest = min(tilts, key=lambda tilt: abs(tilt.angle))
    _add_ctf(root, series, smallest.ctf if whole else None)
    if whole:
        _add_grid(root, "GridCTF", ctfs, _defocus)
        _add_grid(root, "GridCTFDefocusDelta", ctfs, _difference)
        _add_grid(root, "GridCTFDefocusAngle", ctfs, lambda ctf: ctf.defocus_angle)
        _add_grid(root, "GridCTFPhase", ctfs, _phase)
    _write(path, root)


def _add_ctf(root: ET.Element, series: WarpSeries, ctf: Ctf | None) -> None:
    """Add the optics and the CTF, as far as it is known."""
    known = {
        "PixelSize": series.pixel_size,
        "Voltage": series.optics.voltage,
        "Cs": series.optics.spherical_aberration,
        "Amplitude": series.optics.amplitude_contrast,
    }
    if ctf:
        known |= {"Defocus": _defocus(ctf), "DefocusDelta": _difference(ctf)}
        known |= {"DefocusAngle": ctf.defocus_angle, "PhaseShift": _phase(ctf)}
    element = ET.SubElement(root, "CTF")
    for name, value in known.items():
        ET.SubElement(element, "Param", {"Name": name, "Value": _number(value)})


def _add_lines(root: ET.Element, name: str, values: Iterable[str]) -> None:
    ET.SubElement(root, name).text = "\n".join(values)


def _add_grid(root: ET.Element, name: str, ctfs: list[Ctf], value: Callable[[Ctf], float]) -> None:
    """Add a grid with one node for each tilt."""
    size = {"Width": "1", "Height": "1", "Depth": str(len(ctfs)), "MarginX": "0", "MarginY": "0", "MarginZ": "0"}
    grid = ET.SubElement(root, name, size)
    for place, ctf in enumerate(ctfs):
        ET.SubElement(grid, "Node", {"X": "0", "Y": "0", "Z": str(place), "Value": _number(value(ctf))})


def _defocus(ctf: Ctf) -> float:
    return ctf.defocus / _MICROMETRE


def _difference(ctf: Ctf) -> float:
    return ctf.astigmatism / _MICROMETRE


def _phase(ctf: Ctf) -> float:
    return ctf.phase_shift / 180


def _number(value: float) -> str:
    return f"{value:.9g}"


def _write(path: Path, root: ET.Element) -> None:
    # Indentation is left out of what holds text: Warp splits it at its line ends.
    ET.indent(root, "\t")
    with replacing(path) as beside:
        ET.ElementTree(root).write(beside, encoding="utf-8", xml_declaration=True)
