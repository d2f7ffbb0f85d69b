"""crYOLO (Wagner et al. 2019, doi:10.1038/s42003-019-0437-z): a trained network for particles."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from tasks.command import Flag, flags
from tasks.cryolo import CONFIGURATION, configuration, cryolo_version, predict, require_weights
from tasks.errors import ResultError
from tasks.formats.cbox import Boxes, read_cbox
from tasks.formats.mrc import read_image
from tasks.formats.single_image import present
from tasks.models import Executable, Micrograph, Model, Picks, Threads
from tasks.particle_picking.checks import check
from tasks.particle_picking.naming import name_of
from tasks.particle_picking.outcome import Outcome

_IMAGE = "micrograph.mrc"


class Cryolo(Model):
    """crYOLO with a general model of its authors, or one that was trained for the particles; needs an NVIDIA GPU."""

    tool: Literal["cryolo"] = "cryolo"
    executable: Executable = "cryolo_predict.py"
    weights: Path
    """Weights of the network, as gmodel_phosnet_202005_N63_c17.h5."""
    diameter: PositiveFloat = 150.0
    """Diameter of the particles in angstrom, the side of their boxes. General models estimate it anew."""
    threshold: Annotated[float, Field(ge=0, le=1), Flag("--threshold")] = 0.3
    """Lowest confidence of a particle."""
    distance: NonNegativeFloat = 0.0
    """Smallest distance of two particles in angstrom."""
    smallest: PositiveFloat | None = None
    """Leave out what seems to have a smaller diameter, in angstrom."""
    largest: PositiveFloat | None = None
    """Leave out what seems to have a larger diameter, in angstrom."""
    normalization_margin: Annotated[float, Field(ge=0, le=1), Flag("--norm_margin")] = 0.0
    """Fraction of the image at its edges that does not count for its mean and deviation."""
    normalization: Literal["STANDARD", "GMM"] = "STANDARD"
    """By mean and deviation, or (GMM) by those of the ice alone."""
    lowpass: Annotated[float, Field(gt=0, le=0.5)] | None = 0.1
    """Frequency in cycles per pixel to which images are filtered; none for models that want them as they are."""
    input_size: PositiveInt = 1024
    """Pixels of the shorter side of what the network sees; a multiple of 32."""
    batch_size: Annotated[PositiveInt, Flag("--prediction_batch_size")] = 3
    """Images that the GPU works on together."""
    threads: Annotated[Threads, Flag("--num_cpu")] = 1

    def version(self) -> str:
        """Ask the Python that has crYOLO for its version."""
        return cryolo_version(self.executable)

    def pick(self, micrograph: Micrograph, folder: Path) -> Picks:
        """Find the particles of a micrograph; leave their coordinates and the log in the folder."""
        require_weights(self.weights)
        image = read_image(micrograph.path, micrograph.section)
        check(image, micrograph, self.diameter)
        program = self.version()
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".cryolo-", dir=folder) as beside:
            boxes = self._run(micrograph, Path(beside), folder / f"{name_of(micrograph)}_cryolo.log")
        kept = self.chosen(boxes, micrograph.pixel_size)
        outcome = Outcome(
            places=kept.centres[:, :2],
            merits=kept.confidences,
            diameter=usual_size(kept, micrograph.pixel_size) or self.diameter,
            threshold=self.threshold,
            program=program,
        )
        return outcome.keep(image, micrograph, folder)

    def command(self, pixel_size: float) -> list[str]:
        """Return the command that picks the image in its folder."""
        words = [self.executable, "--conf", CONFIGURATION, "--weights", str(self.weights.absolute())]
        words += ["--input", _IMAGE, "--output", ".", "--otf", *flags(self)]
        lengths = {"--distance": self.distance, "--minsize": self.smallest, "--maxsize": self.largest}
        for flag, length in lengths.items():
            words += [flag, str(round(length / pixel_size))] if length else []
        return words

    def chosen(self, boxes: Boxes, pixel_size: float) -> Boxes:
        """Return the boxes that crYOLO took: all others that it considered are in its file, too."""
        with np.errstate(invalid="ignore"):
            small = boxes.sizes <= (round(self.smallest / pixel_size) if self.smallest else -np.inf)
            large = boxes.sizes >= (round(self.largest / pixel_size) if self.largest else np.inf)
        return boxes.where((boxes.confidences >= self.threshold) & ~small & ~large)

    def _run(self, micrograph: Micrograph, beside: Path, log: Path) -> Boxes:
        """Pick in a folder, and return all boxes."""
        present(micrograph, beside / _IMAGE)
        box = max(round(self.diameter / micrograph.pixel_size), 1)
        settings = configuration(box, self.input_size, self.lowpass, self.normalization)
        (beside / CONFIGURATION).write_text(settings)
        count = predict(self.command(micrograph.pixel_size), beside, log)
        # It follows links, and names files by what they lead to.
        found = beside / "CBOX" / f"{(beside / _IMAGE).resolve().stem}.cbox"
        if found.is_file():
            return read_cbox(found)
        if count > 0:
            raise ResultError(f"crYOLO found {count} particles of {micrograph.path} but wrote no {found.name}")
        return Boxes(np.empty((0, 3)), np.empty(0), np.empty(0))


def usual_size(boxes: Boxes, pixel_size: float) -> float | None:
    """Return the median of the estimated diameters in angstrom; none if the model makes no estimates."""
    sizes = boxes.sizes[np.isfinite(boxes.sizes)]
    return float(np.median(sizes)) * pixel_size if len(sizes) else None
