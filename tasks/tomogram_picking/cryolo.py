"""crYOLO 1.8 and later (doi:10.1038/s42003-019-0437-z) in tomograms: sections, whose picks are traced through them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.command import Flag, flags
from tasks.cryolo import CONFIGURATION, configuration, cryolo_version, predict, require_weights
from tasks.errors import ResultError
from tasks.models import Executable, Model, Threads, Tomogram, TomogramPicks
from tasks.tomogram_picking.checks import check
from tasks.tomogram_picking.outcome import Outcome

if TYPE_CHECKING:
    from tasks.formats.cbox import Boxes

_VOLUME = "tomogram.mrc"
_FIRST = 1
"""Number of the lowest section in traces of crYOLO 1.9.9."""


class CryoloTomogramPicking(Model):
    """crYOLO with a network that was trained on tomograms; needs an NVIDIA GPU."""

    tool: Literal["cryolo"] = "cryolo"
    executable: Executable = "cryolo_predict.py"
    weights: Path
    """Weights of the network (.h5)."""
    diameter: PositiveFloat
    """Diameter of the particles in angstrom, the side of their boxes."""
    threshold: Annotated[float, Field(ge=0, le=1), Flag("--threshold")] = 0.3
    """Lowest confidence of a particle in a section."""
    distance: NonNegativeFloat = 0.0
    """Smallest distance of two particles in a section, in angstrom."""
    search_range: PositiveFloat | None = None
    """How far a particle may move from section to section, in angstrom; by default a quarter of its box."""
    memory: Annotated[NonNegativeInt, Flag("--tracing_memory")] = 0
    """Sections in which a particle may be missed."""
    fewest_sections: Annotated[PositiveInt, Flag("--tracing_min_length")] = 5
    """Sections in which a particle must be found."""
    normalization_margin: Annotated[float, Field(ge=0, le=1), Flag("--norm_margin")] = 0.0
    """Fraction of a section at its edges that does not count for its mean and deviation."""
    lowpass: Annotated[float, Field(gt=0, le=0.5)] | None = None
    """Frequency in cycles per voxel to which sections are filtered, 0.3 to 0.4 where they are; none for denoised ones
    and for models that want them as they are."""
    input_size: PositiveInt = 1024
    """Pixels of the shorter side of what the network sees; a multiple of 32."""
    batch_size: Annotated[PositiveInt, Flag("--prediction_batch_size")] = 3
    """Sections that the GPU works on together."""
    denoised: bool = True
    """Look in the denoised tomogram, as networks that were trained on such should."""
    threads: Annotated[Threads, Flag("--num_cpu")] = 1

    def version(self) -> str:
        """Ask the Python that has crYOLO for its version."""
        return cryolo_version(self.executable)

    def pick(self, name: str, tomogram: Tomogram, folder: Path) -> TomogramPicks:
        """Find the particles of the tomogram of a tilt series; leave their coordinates and the log in the folder."""
        check(tomogram, self.diameter)
        require_weights(self.weights)
        program = self.version()
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".cryolo-", dir=folder) as beside:
            boxes = self._run(tomogram, Path(beside), folder / f"{name}_cryolo.log")
        middle = np.array([length // 2 for length in reversed(tomogram.shape)])
        outcome = Outcome(
            places=(boxes.centres - (0, 0, _FIRST) - middle) * tomogram.voxel_size,
            merits=boxes.confidences,
            diameter=self.diameter,
            threshold=self.threshold,
            program=program,
        )
        return outcome.keep(name, tomogram, folder)

    def command(self, voxel_size: float) -> list[str]:
        """Return the command that picks the tomogram in its folder."""
        words = [self.executable, "--conf", CONFIGURATION, "--weights", str(self.weights.absolute())]
        words += ["--input", _VOLUME, "--output", ".", "--tomogram", *flags(self), "--tracing_search_range"]
        words += [str(max(round(self.search_range / voxel_size), 1)) if self.search_range else "-1"]
        return words + (["--distance", str(round(self.distance / voxel_size))] if self.distance else [])

    def _run(self, tomogram: Tomogram, beside: Path, log: Path) -> "Boxes":
        """Pick in a folder, and return the traced boxes."""
        # It takes seconds to load, for which a run that picks nothing need not wait.
        from tasks.formats.cbox import Boxes, read_cbox  # noqa: PLC0415

        (beside / _VOLUME).symlink_to(tomogram.path.absolute())
        box = max(round(self.diameter / tomogram.voxel_size), 1)
        (beside / CONFIGURATION).write_text(configuration(box, self.input_size, self.lowpass, "STANDARD"))
        count = predict(self.command(tomogram.voxel_size), beside, log)
        # It follows links, and names files by what they lead to.
        found = beside / "CBOX_3D" / f"{(beside / _VOLUME).resolve().stem}.cbox"
        if not found.is_file():
            if count > 0:
                raise ResultError(f"crYOLO found {count} particles of {tomogram.path} but wrote no {found.name}")
            return Boxes(np.empty((0, 3)), np.empty(0), np.empty(0))
        boxes = read_cbox(found)
        if not np.isfinite(boxes.centres).all():
            raise ResultError(f"crYOLO wrote boxes without heights of {tomogram.path}: it is not one for tomograms")
        return boxes
