"""Metadata that SerialEM and Tomography 5 write beside tilt series and frames (.mdoc).

Format: https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm. Keys are read in any order, and those that are
not needed are left alone.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PureWindowsPath
from typing import Literal

from tasks.errors import FormatError
from tasks.formats.mdoc_time import read_time
from tasks.formats.text import read_lines
from tasks.models import Model

_KIND = "a SerialEM or Tomography mdoc file"
_SECTION = re.compile(r"\[\s*(ZValue|FrameSet|MontSection)\s*=\s*(-?\d+)\s*\]")
_TITLE = re.compile(r"\[?\s*T\s*=\s*(.*?)\s*\]?\s*$")
_AXIS = re.compile(r"tilt\s*axis\s*angle\s*=\s*([-+]?\d+(?:\.\d*)?)", re.IGNORECASE)


class MdocSection(Model):
    """One image or movie."""

    kind: Literal["ZValue", "FrameSet", "MontSection"]
    number: int
    """Section of the stack, from 0."""
    tilt_angle: float | None = None
    """Stage tilt in degree."""
    sub_frame_path: str | None = None
    """The movie, as the computer of the camera calls it."""
    taken: datetime | None = None
    """When it was taken, by the clock of the microscope (its time zone is not known; UTC is written)."""
    exposure_dose: float | None = None
    """Dose of this exposure in electron per square angstrom; 0 if it was not calibrated."""
    prior_dose: float | None = None
    """Dose of the exposures before it in electron per square angstrom."""
    frames: int | None = None
    """Number of frames in the movie."""
    rotation_angle: float | None = None
    """RotationAngle in degree, as it stands in the file: the programs mean different things by it."""
    pixel_size: float | None = None
    """Pixel size of the image (not of the frames) in angstrom."""
    binning: float | None = None
    defocus: float | None = None
    """Defocus in angstrom, positive for underfocus."""
    target_defocus: float | None = None
    """Wanted defocus in angstrom, positive for underfocus."""

    @property
    def file_name(self) -> str | None:
        """Name of the movie without its folders; a Windows path has backslashes."""
        return PureWindowsPath(self.sub_frame_path).name if self.sub_frame_path else None


class Mdoc(Model):
    """A whole mdoc file."""

    path: Path
    software: Literal["SerialEM", "Tomography"]
    sections: tuple[MdocSection, ...]
    image_file: str | None = None
    """The stack that it describes."""
    pixel_size: float | None = None
    """Pixel size of the stack in angstrom."""
    voltage: float | None = None
    """Acceleration voltage in kilovolt."""
    tilt_axis_angle: float | None = None
    """Direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""


def read_mdoc(path: Path) -> Mdoc:
    """Read an mdoc file of a tilt series, a montage or a movie."""
    lines = [line.strip() for line in read_lines(path, _KIND)]
    starts = [index for index, line in enumerate(lines) if _SECTION.match(line)]
    if not starts:
        raise FormatError(path, "no section ([ZValue = 0] or [FrameSet = 0])", _KIND)
    titles = [match[1] for line in lines if (match := _TITLE.match(line))]
    software: Literal["SerialEM", "Tomography"] = (
        "Tomography" if any(title.startswith("Tomography") for title in titles) else "SerialEM"
    )
    opening = _values(lines[: starts[0]])
    ends = [*starts[1:], len(lines)]
    sections = tuple(_section(path, lines[start:end], software, start) for start, end in zip(starts, ends, strict=True))
    return Mdoc(
        path=path,
        software=software,
        sections=sections,
        image_file=opening.get("ImageFile"),
        pixel_size=_number(path, opening, "PixelSpacing"),
        voltage=_number(path, opening, "Voltage"),
        tilt_axis_angle=_axis_angle(titles, software, sections),
    )


def _values(lines: list[str]) -> dict[str, str]:
    """Return what is said as ``key = value``, without values that are empty."""
    pairs = (line.partition("=") for line in lines if not line.startswith("["))
    return {key.strip(): value.strip() for key, _, value in pairs if value.strip()}


def _section(path: Path, lines: list[str], software: str, start: int) -> MdocSection:
    heading = _SECTION.match(lines[0])
    values = _values(lines[1:])

    def number(key: str, scale: float = 1.0) -> float | None:
        value = _number(path, values, key, start)
        return None if value is None else value * scale

    frames = number("NumSubFrames")
    return MdocSection.model_validate(
        {
            "kind": heading[1] if heading else None,
            "number": heading[2] if heading else None,
            "tilt_angle": number("TiltAngle"),
            "sub_frame_path": values.get("SubFramePath"),
            "taken": read_time(path, values["DateTime"], year_first=software == "Tomography")
            if "DateTime" in values
            else None,
            "exposure_dose": number("ExposureDose"),
            "prior_dose": number("PriorRecordDose"),
            "frames": None if frames is None else int(frames),
            "rotation_angle": number("RotationAngle"),
            "pixel_size": number("PixelSpacing"),
            "binning": number("Binning"),
            # Micrometre, underfocus negative.
            "defocus": number("Defocus", -1e4),
            "target_defocus": number("TargetDefocus", -1e4),
        }
    )


def _number(path: Path, values: Mapping[str, str], key: str, line: int = 0) -> float | None:
    """Return a value as number; some microscopes write a decimal comma."""
    if key not in values:
        return None
    try:
        value = float(values[key].replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(path, f"{key} = {values[key]} in the section at line {line + 1}", "a number")
    return value


def _axis_angle(titles: list[str], software: str, sections: tuple[MdocSection, ...]) -> float | None:
    """Return the direction of the tilt axis.

    SerialEM says it in a title, and adds 90 degree to it in RotationAngle. Tomography says it in RotationAngle and
    something else in the title (-90 degree minus it), which IMOD does not use either.
    """
    said = next((float(match[1]) for title in titles if (match := _AXIS.search(title))), None)
    rotation = next(_rotations(sections), None)
    if software == "Tomography":
        angle = rotation if rotation is not None else (None if said is None else -90 - said)
    else:
        angle = said if said is not None else (None if rotation is None else rotation - 90)
    return None if angle is None else round((angle + 180) % 360 - 180, 4)


def _rotations(sections: tuple[MdocSection, ...]) -> Iterator[float]:
    return (section.rotation_angle for section in sections if section.rotation_angle is not None)
