"""What RELION's post-processing writes of a pair of half maps."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tasks.errors import FormatError
from tasks.formats.star import read_table
from tasks.models.resolution import FscShell
from tasks.relion.results import known, read_general

_CURVES = {
    "resolution": "rlnAngstromResolution",
    "corrected": "rlnFourierShellCorrelationCorrected",
    "unmasked": "rlnFourierShellCorrelationUnmaskedMaps",
    "masked": "rlnFourierShellCorrelationMaskedMaps",
    "randomised": "rlnCorrectedFourierShellCorrelationPhaseRandomizedMaskedMaps",
}
_THRESHOLD = 0.143


class Curves(NamedTuple):
    """The content of a postprocess.star."""

    resolution: float | None
    """In angstrom; None if the halves agree at no resolution."""
    b_factor: float
    """In square angstrom."""
    fsc: tuple[FscShell, ...]


def read_curves(path: Path) -> Curves:
    """Read a postprocess.star."""
    general = read_general(path, "general")
    table = read_table(path, "fsc")
    missing = [name for name in _CURVES.values() if name not in table]
    missing += [name for name in ("rlnFinalResolution", "rlnBfactorUsedForSharpening") if name not in general]
    if missing:
        raise FormatError(path, f"no {', '.join(missing)}", "what relion_postprocess writes")
    # The first row is the mean of the maps, which has no resolution.
    rows = table[list(_CURVES.values())].iloc[1:].itertuples(index=False)
    fsc = tuple(FscShell(**dict(zip(_CURVES, (float(value) for value in row), strict=True))) for row in rows)
    return Curves(known(general["rlnFinalResolution"]), float(general["rlnBfactorUsedForSharpening"]), fsc)


def crossing(fsc: Sequence[FscShell], curve: str, threshold: float = _THRESHOLD) -> float | None:
    """Return the resolution of the last shell before a curve first falls below a threshold."""
    last = None
    for shell in fsc:
        if getattr(shell, curve) < threshold:
            return last
        last = shell.resolution
    return last
