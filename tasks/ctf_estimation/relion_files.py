"""What RELION's wrapper of CTFFIND and Gctf wants in its folder, and what it leaves there."""

from pathlib import Path
from typing import NamedTuple

from tasks.ctf_estimation.ctffind_files import read_values
from tasks.ctf_estimation.direction import larger_first
from tasks.errors import CommandError, FormatError
from tasks.formats.star_rows import Loop, read_loops
from tasks.formats.star_text import loop
from tasks.models import Optics
from tasks.relion.failures import end

STAR = "micrographs.star"
"""Name of the list of micrographs."""
_IMAGE, _OUTPUT = Path("images/image.mrc"), Path("out/images/image")
SPECTRUM = f"{_OUTPUT}.ctf"
"""Image of the spectrum, beside its fit."""
_FOUND = "out/micrographs_ctf.star"
_TAIL = 1000
_OPTICS = (
    "rlnOpticsGroupName",
    "rlnOpticsGroup",
    "rlnMicrographOriginalPixelSize",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnMicrographPixelSize",
)


class RelionValues(NamedTuple):
    """A row of RELION's list of micrographs."""

    defocus_u: float
    """Angstrom, the larger one."""
    defocus_v: float
    defocus_angle: float
    """Degree, of the larger one."""
    phase_shift: float
    """Degree."""
    figure_of_merit: float
    resolution: float | None
    """Angstrom; Gctf does not always say it."""


def prepare(scratch: Path, pixel_size: float, optics: Optics) -> Path:
    """Write the list of one micrograph and return where its image is to be: its own name may hold dots and blanks."""
    for folder in (_IMAGE.parent, _OUTPUT.parent):
        (scratch / folder).mkdir(parents=True)
    values = (optics.voltage, optics.spherical_aberration, optics.amplitude_contrast)
    groups = loop("optics", _OPTICS, [("optics", 1, pixel_size, *values, pixel_size)])
    micrographs = loop("micrographs", ("rlnMicrographName", "rlnOpticsGroup"), [(str(_IMAGE), 1)])
    (scratch / STAR).write_text(groups + micrographs)
    return scratch / _IMAGE


def read_found(scratch: Path, said: str) -> RelionValues:
    """Read what was found of the only micrograph; phase shifts are in degree here, unlike CTFFIND's own."""
    path = scratch / _FOUND
    try:
        table = read_loops(path).get("micrographs") if path.is_file() else None
    except FormatError:
        table = None
    if table is None or not table.rows:
        last = f"{end(said)}\n{program_log(scratch)[-_TAIL:]}".strip()
        raise CommandError(f"RELION found no values of the program that it ran; they last said:\n{last}")
    larger, smaller, angle = larger_first(*(_value(table, f"rlnDefocus{what}") for what in ("U", "V", "Angle")))
    return RelionValues(
        defocus_u=larger,
        defocus_v=smaller,
        defocus_angle=angle,
        phase_shift=_value(table, "rlnPhaseShift") if "rlnPhaseShift" in table.columns else 0.0,
        figure_of_merit=_value(table, "rlnCtfFigureOfMerit"),
        resolution=_value(table, "rlnCtfMaxResolution") if "rlnCtfMaxResolution" in table.columns else None,
    )


def read_program(scratch: Path) -> str:
    """Say which program did the work: CTFFIND says its version in a file of values, Gctf writes none."""
    values = scratch / f"{_OUTPUT}.txt"
    return f"CTFFIND {read_values(values).version}" if values.is_file() else "Gctf"


def program_log(scratch: Path) -> str:
    """Return what the program under RELION printed, which RELION does not show."""
    found = sorted([*(scratch / "out").glob("images/image_*.log"), *(scratch / "out").glob("gctf*.*")])
    return "\n".join(path.read_text(errors="replace") for path in found)


def _value(table: Loop, column: str) -> float:
    return float(next(table.column(column)))
