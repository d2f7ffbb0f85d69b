"""Run relion_autopick on one image, whatever it is to look for."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from tasks.command import run
from tasks.errors import CommandError, ResultError
from tasks.formats.coordinates import read_coordinates
from tasks.formats.single_image import present
from tasks.models import Micrograph
from tasks.particle_picking.naming import name_of

Numbers = npt.NDArray[np.float64]

_IMAGE, _FOUND = "micrograph.mrc", "out/micrograph_autopick.star"
_NONE = "Total number of particles from 1 micrographs is 0"


def start(executable: str, pixel_size: float) -> list[str]:
    """Return how a command begins that picks the image in its folder."""
    return [executable, "--i", _IMAGE, "--odir", "out/", "--pickname", "autopick", "--angpix", f"{pixel_size:g}"]


def autopick(command: Sequence[str], micrograph: Micrograph, folder: Path) -> tuple[Numbers, Numbers]:
    """Pick a micrograph, and return places and figures of merit; leave the log in the folder."""
    log = folder / f"{name_of(micrograph)}_relion.log"
    with TemporaryDirectory(prefix=".relion-", dir=folder) as beside:
        present(micrograph, Path(beside) / _IMAGE)
        found = Path(beside) / _FOUND
        found.parent.mkdir()
        try:
            run(command, cwd=Path(beside), log=log)
        except CommandError:
            # RELION 3.1 crashes over its plots when there is not one particle.
            if _NONE not in log.read_text(errors="replace"):
                raise
            return np.empty((0, 2)), np.empty(0)
        if not found.is_file():
            raise ResultError(f"{command[0]} ended well but wrote no coordinates of {micrograph.path}")
        return read_coordinates(found)
