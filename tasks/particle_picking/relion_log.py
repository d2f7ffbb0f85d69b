"""RELION's picking by the Laplacian of Gaussian (Zivanov et al. 2018, doi:10.7554/eLife.42166)."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import PositiveFloat, model_validator

from tasks.command import Flag
from tasks.formats.mrc import read_image
from tasks.models import Executable, Micrograph, Model, Picks
from tasks.particle_picking.checks import check
from tasks.particle_picking.outcome import Outcome
from tasks.particle_picking.relion_run import autopick, start
from tasks.relion.flags import relion_flags
from tasks.relion.version import relion_version


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
        program = self.version()
        places, merits = autopick(self.command(micrograph.pixel_size), micrograph, folder)
        threshold = float(merits.min()) if len(merits) else 0.0
        outcome = Outcome(places, merits, sum(self.diameter_range) / 2, threshold, program)
        return outcome.keep(image, micrograph, folder)

    def command(self, pixel_size: float) -> list[str]:
        """Return the command that picks the image in its folder."""
        low, high = (f"{diameter:g}" for diameter in self.diameter_range)
        words = [*start(self.executable, pixel_size), "--LoG", "--LoG_diam_min", low, "--LoG_diam_max", high]
        return [*words, "--shrink", "0", *relion_flags(self)]
