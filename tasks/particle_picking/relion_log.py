"""RELION's picking by the Laplacian of Gaussian (Zivanov et al. 2018, doi:10.7554/eLife.42166)."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import PositiveFloat, model_validator

from tasks.command import Flag, run
from tasks.errors import CommandError, ResultError
from tasks.formats.coordinates import read_coordinates
from tasks.formats.mrc import read_image
from tasks.formats.single_image import present
from tasks.models import Executable, Micrograph, Model, Picks
from tasks.particle_picking.checks import check
from tasks.particle_picking.naming import name_of
from tasks.particle_picking.outcome import Outcome
from tasks.relion.flags import relion_flags
from tasks.relion.version import relion_version

Numbers = npt.NDArray[np.float64]

_IMAGE, _FOUND = "micrograph.mrc", "out/micrograph_autopick.star"
_NONE = "Total number of particles from 1 micrographs is 0"


class RelionLog(Model):
    """Blobs of a range of diameters, found by relion_autopick --LoG of RELION 3.1 or later."""

    tool: Literal["relion"] = "relion"
    executable: Executable = "relion_autopick"
    diameter_range: tuple[PositiveFloat, PositiveFloat] = (100.0, 200.0)
    """Smallest and largest diameter of the particles in angstrom."""
    threshold: Annotated[float, Flag("--LoG_adjust_threshold")] = 0.0
    """Above 0 for fewer particles, below for more, in standard deviations of the figures of merit."""
    upper_threshold: Annotated[float, Flag("--LoG_upper_threshold")] = 99_999.0
    """Leave out what is that many standard deviations above average, such as contamination."""
    lowpass: Annotated[PositiveFloat, Flag("--lowpass")] = 20.0
    """Resolution in angstrom to which images are filtered."""
    bright: Annotated[bool, Flag("--Log_invert")] = False
    """Whether particles are brighter than the ice."""

    @model_validator(mode="after")
    def range_is_ordered(self) -> Self:
        """Refuse a range that holds nothing."""
        if self.diameter_range[0] >= self.diameter_range[1]:
            raise ValueError(f"diameter_range {self.diameter_range}: the smallest must come first")
        return self

    def version(self) -> str:
        """Return name and version of the program."""
        return relion_version(self.executable).program

    def pick(self, micrograph: Micrograph, folder: Path) -> Picks:
        """Find the particles of a micrograph; leave their coordinates and the log in the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        image = read_image(micrograph.path, micrograph.section)
        check(image, micrograph, self.diameter_range[0])
        program = relion_version(self.executable).program
        with TemporaryDirectory(prefix=".relion-", dir=folder) as beside:
            places, merits = self._run(micrograph, Path(beside), folder / f"{name_of(micrograph)}_relion.log")
        threshold = float(merits.min()) if len(merits) else 0.0
        outcome = Outcome(places, merits, sum(self.diameter_range) / 2, threshold, program)
        return outcome.keep(image, micrograph, folder)

    def command(self, pixel_size: float) -> list[str]:
        """Return the command that picks the image in its folder."""
        low, high = (f"{diameter:g}" for diameter in self.diameter_range)
        words = [self.executable, "--i", _IMAGE, "--odir", "out/", "--pickname", "autopick", "--angpix"]
        words += [f"{pixel_size:g}", "--LoG", "--LoG_diam_min", low, "--LoG_diam_max", high, "--shrink", "0"]
        return words + relion_flags(self)

    def _run(self, micrograph: Micrograph, beside: Path, log: Path) -> tuple[Numbers, Numbers]:
        """Pick in a folder, and return places and figures of merit."""
        present(micrograph, beside / _IMAGE)
        found = beside / _FOUND
        found.parent.mkdir()
        try:
            run(self.command(micrograph.pixel_size), cwd=beside, log=log)
        except CommandError:
            # RELION 3.1 crashes over its plots when there is not one particle.
            if _NONE not in log.read_text(errors="replace"):
                raise
            return np.empty((0, 2)), np.empty(0)
        if not found.is_file():
            raise ResultError(f"{self.executable} ended well but wrote no coordinates of {micrograph.path}")
        return read_coordinates(found)
