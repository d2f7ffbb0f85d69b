"""IceBreaker (Olek et al. 2022, doi:10.1016/j.str.2022.01.005): ice in groups of like light."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from pydantic import PositiveFloat

from tasks.command import run
from tasks.distribution import distribution_version
from tasks.errors import InputError, ResultError
from tasks.formats.mrc import header, read_image, require_finite
from tasks.formats.single_image import present
from tasks.ice_thickness.light import UNIT, Numbers, thickness_of
from tasks.models import Executable, IceThickness, Micrograph, Model, Threads

_IMAGE, _GROUPED = "micrograph.mrc", "micrograph_grouped.mrc"
_FIGURES = re.compile(r"^Results: \S+((?: -?\d+){5})$", re.MULTILINE)


class IceBreaker(Model):
    """IceBreaker 0.3: sorts areas of the micrograph into 16 groups of like intensity, whose means are its figures.

    They are intensities of the micrograph times 10000, no lengths: here they are turned into mean free paths, relative
    to the light without specimen or to the brightest group. Programs that read IceBreaker's own numbers find them as
    10000 * reference * exp(-thickness).
    """

    tool: Literal["icebreaker"] = "icebreaker"
    executable: Executable = "ib_job"
    summary_executable: Executable = "ib_5fig"
    reference: PositiveFloat | None = None
    """Intensity per pixel without specimen, in the units of the micrographs; none to compare with the brightest group
    of each micrograph."""
    keep_groups: bool = False
    """Keep the image of the groups (as large as the micrograph, 4 bytes per pixel)."""
    threads: Threads = 1

    def version(self) -> str:
        """Ask the Python that has IceBreaker for its version."""
        return f"IceBreaker {distribution_version(self.executable, 'icebreaker-em')}"

    def estimate(self, micrograph: Micrograph, folder: Path) -> IceThickness:
        """Estimate the distribution of the ice thickness over a micrograph; leave the log in the folder."""
        image = read_image(micrograph.path, micrograph.section)
        require_finite(micrograph.path, image)
        if float(image.mean()) <= 0:
            raise InputError(micrograph.path, f"a mean intensity of {image.mean():g}", "counts of electrons")
        program = self.version()
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{micrograph.path.stem}_section{micrograph.section:03d}" if micrograph.section else micrograph.path.stem
        with TemporaryDirectory(prefix=".icebreaker-", dir=folder) as beside:
            figures = self._run(micrograph, Path(beside), folder / f"{name}_icebreaker.log")
            kept = folder / f"{name}_ice_groups.mrc"
            if self.keep_groups:
                (Path(beside) / _GROUPED).replace(kept)
        found = thickness_of(micrograph.path, [figure / UNIT for figure in figures], self.reference, program)
        return found.model_copy(update={"groups": kept if self.keep_groups else None})

    def light_at(self, places: Numbers, micrograph: Micrograph, ice: IceThickness) -> Numbers:
        """Return the mean intensity of the group in which each of (count, 2) places lies, x and y in pixels."""
        if ice.groups is None:
            raise InputError(micrograph.path, "no image of its groups of ice", "one (keep_groups=true)")
        groups = read_image(ice.groups)
        columns, rows = np.clip(np.floor(places).astype(int), 0, np.array(groups.shape)[::-1] - 1).T
        light: Numbers = groups[rows, columns].astype(np.float64)
        return light

    def commands(self) -> list[list[str]]:
        """Return the commands that group the image in their folder, and say the figures of the groups."""
        group = [self.executable, "--j", str(self.threads), "--mode", "group", "--single_mic", _IMAGE, "--o", "."]
        summary = [self.summary_executable, "--j", str(self.threads), "--single_mic", _GROUPED, "--o", "summary"]
        return [group, summary]

    def _run(self, micrograph: Micrograph, beside: Path, log: Path) -> tuple[int, ...]:
        """Group in a folder, and return the five figures."""
        present(micrograph, beside / _IMAGE)
        group, summary = self.commands()
        said = run(group, cwd=beside)
        grouped = beside / _GROUPED
        # A mode that it does not know, or an image that it lost, still ends with status 0.
        if not grouped.is_file():
            raise ResultError(f"IceBreaker ended well but made no groups of {micrograph.path}; it said: {said.strip()}")
        found = header(grouped).shape[1:]
        if found != header(beside / _IMAGE).shape[1:]:
            raise ResultError(f"IceBreaker made groups of {found} pixels of {micrograph.path}")
        told = run(summary, cwd=beside)
        log.write_text(said + told)
        return read_figures(told)


def read_figures(said: str) -> tuple[int, ...]:
    """Read minimum, first quartile, median, third quartile and maximum from what ib_5fig prints."""
    found = _FIGURES.search(said)
    if found is None:
        raise ResultError(f"IceBreaker said no five figures: {said.strip()[-200:] or 'nothing'}")
    return tuple(int(word) for word in found[1].split())
