"""Topaz (Bepler et al. 2019, doi:10.1038/s41592-019-0575-8): a trained network for particles."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat

from tasks.command import Flag, flags, run
from tasks.errors import ResultError
from tasks.formats.mrc import read_image
from tasks.formats.single_image import present
from tasks.formats.text import read_lines
from tasks.models import Device, Executable, Micrograph, Model, Picks
from tasks.particle_picking.checks import check
from tasks.particle_picking.naming import name_of
from tasks.particle_picking.outcome import Outcome
from tasks.topaz import DEVICES, THIS_PYTHON, read_version, start, topaz_version

Numbers = npt.NDArray[np.float64]

_IMAGE = "micrograph.mrc"


class Topaz(Model):
    """Topaz with one of the networks that come with it, or one of your own."""

    tool: Literal["topaz"] = "topaz"
    executable: Executable = THIS_PYTHON
    """The Python that has Topaz installed; "python" is the one that runs this."""
    diameter: PositiveFloat = 150.0
    """Diameter of the particles in angstrom."""
    model: Annotated[str, Field(min_length=1), Flag("-m")] = "resnet16"
    """resnet8 or resnet16, or the path of a trained network."""
    threshold: Annotated[float, Flag("-t")] = 0.0
    """Lowest score of a particle, a log-likelihood ratio; lower for more particles."""
    pixel_size: PositiveFloat = 6.0
    """Pixel size in angstrom to which images are binned, about; the networks were trained at 4 to 8."""
    device: Device = "cpu"

    def version(self) -> str:
        """Return name and version of the program."""
        return topaz_version(self.executable)

    def pick(self, micrograph: Micrograph, folder: Path) -> Picks:
        """Find the particles of a micrograph; leave their coordinates and the log in the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        image = read_image(micrograph.path, micrograph.section)
        check(image, micrograph, self.diameter)
        log = folder / f"{name_of(micrograph)}_topaz.log"
        with TemporaryDirectory(prefix=".topaz-", dir=folder) as beside:
            present(micrograph, Path(beside) / _IMAGE)
            said = [run(command, cwd=Path(beside)) for command in self.commands(micrograph.pixel_size)]
            log.write_text("".join(said))
            places, merits = read_picks(Path(beside) / "picks.txt")
        outcome = Outcome(places, merits, self.diameter, self.threshold, read_version(said[0]))
        return outcome.keep(image, micrograph, folder)

    def commands(self, pixel_size: float) -> list[list[str]]:
        """Return the commands that bin and normalise the image, and pick it."""
        scale = max(round(self.pixel_size / pixel_size), 1)
        radius = max(round(self.diameter / 2 / (scale * pixel_size)), 1)
        device = ["-d", DEVICES[self.device], "--num-workers", "1"]
        topaz = start(self.executable)
        prepare = [*topaz, "preprocess", *device, "-s", str(scale), "-o", "small", _IMAGE]
        pick = [
            *start(self.executable),
            "extract",
            *device,
            "-j",
            "1",
            "-r",
            str(radius),
            "-x",
            str(scale),
            *flags(self),
        ]
        return [prepare, [*pick, "-o", "picks.txt", f"small/{_IMAGE}"]]


def read_picks(path: Path) -> tuple[Numbers, Numbers]:
    """Read places and scores of the one image from the table of topaz extract."""
    if not path.is_file():
        raise ResultError(f"Topaz ended well but did not write {path.name}")
    head, *lines = read_lines(path, "picks of Topaz")
    columns = head.split("\t")
    wanted = [columns.index(name) for name in ("x_coord", "y_coord", "score") if name in columns]
    if len(wanted) != 3:
        raise ResultError(f"{path.name} of Topaz has the columns {head!r}; expected x_coord, y_coord and score")
    rows = [[float(line.split("\t")[place]) for place in wanted] for line in lines if line.strip()]
    table = np.array(rows, np.float64).reshape(-1, 3)
    return table[:, :2], table[:, 2]
