"""CTFFIND 4 (Rohou and Grigorieff 2015, doi:10.1016/j.jsb.2015.08.008)."""

from pathlib import Path
from typing import Literal

from tasks.ctf_estimation.ctffind import Ctffind
from tasks.models import Executable, Optics


class Ctffind4(Ctffind):
    """Fit the contrast transfer function with CTFFIND 4 (4.1), which knows nothing of tilt."""

    tool: Literal["ctffind4"] = "ctffind4"
    executable: Executable = "ctffind"

    def answers(self, source: Path, output: Path, pixel_size: float, optics: Optics) -> list[object]:
        """Answer the questions of CTFFIND 4 in the order it asks them."""
        # From 4.1.15 on it asks first whether to determine the tilt, unless it searches a phase shift: then nobody
        # hears the last answer.
        return [*super().answers(source, output, pixel_size, optics), "no", "no"]
