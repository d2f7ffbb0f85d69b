"""Membranes by their shape: dark sheets that go on in their plane, in connected parts of some size."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.fft
from pydantic import Field, PositiveFloat

from tasks.errors import InputError
from tasks.formats.mrc import mapped, writing
from tasks.models import Device, Model, Threads, Tomogram
from tasks.models.segmentation import Feature, Segmentation
from tasks.numerics.blocks import Volume, sections
from tasks.numerics.device import to_device, to_host
from tasks.segmentation.choosing import Choice, noise_of, parts
from tasks.segmentation.coarse import averaged, spread
from tasks.segmentation.plates import MARGIN, Widths, plate_scores
from tasks.segmentation.volumes import check

COARSEST = 25.0
"""Largest voxels in angstrom on which a membrane can be seen."""
_LARGEST_BLOCK = 192
_HALF_GAP = 20.0
"""Of the leaflets of a membrane, in angstrom."""
_THICKNESS = 40.0
"""Of a membrane in angstrom, to tell its area from its volume."""


class EmbeddedSegmentation(Model):
    """Membranes: thin dark sheets, confirmed over a disc in their plane."""

    tool: Literal["embedded"] = "embedded"
    voxel_size: float = Field(default=10.0, ge=5, le=COARSEST)
    """Voxels of the tomogram are averaged until they are about so large, in angstrom; never made smaller."""
    leaflet: PositiveFloat = 10.0
    """Width of a leaflet of a membrane (standard deviation) in angstrom."""
    disc: float = Field(default=80.0, ge=20, le=80)
    """Radius of the disc on which a membrane must go on, in angstrom."""
    weak: PositiveFloat = 5.0
    """Least score of a voxel of a membrane, as a multiple of the median score; lower finds more, and more that is
    none."""
    strong: PositiveFloat = 15.0
    """Least score of the best voxel of a membrane, as a multiple of the median score."""
    smallest_area: PositiveFloat = 20_000.0
    """Least area of a membrane in square angstrom; smaller parts are dropped."""
    device: Device = "cpu"
    threads: Threads = 1

    def segment(self, tomogram: Tomogram, folder: Path) -> Segmentation:
        """Find the membranes of a tomogram."""
        _check(tomogram)
        factor = max(round(self.voxel_size / tomogram.voxel_size), 1)
        with scipy.fft.set_workers(self.threads):
            found = self._membranes(averaged(mapped(tomogram.path), factor), tomogram, factor)
        target = folder / f"{tomogram.path.stem}_membrane.mrc"
        with writing(target, tomogram.shape[1:], tomogram.voxel_size, dtype=np.int16) as writer:
            for section in spread(found, factor, tomogram.shape):
                writer.write(section)
        membrane = Feature(
            name="membrane",
            labels=target,
            fraction=float(np.count_nonzero(found)) * factor**3 / float(np.prod(tomogram.shape)),
            parts=int(found.max(initial=0)),
        )
        return Segmentation(
            tomogram=tomogram.path,
            features=(membrane,),
            voxel_size=tomogram.voxel_size,
            shape=tomogram.shape,
            program=f"cryoem-flows {version('cryoem-flows')}",
        )

    def _membranes(self, volume: Volume, tomogram: Tomogram, factor: int) -> npt.NDArray[np.int16]:
        """Return the numbered membranes of a volume."""
        spacing = tomogram.voxel_size * factor
        mean, deviation = float(volume.mean(dtype=np.float64)), float(volume.std(dtype=np.float64))
        if not np.isfinite(deviation):
            raise InputError(tomogram.path, "voxels that are not finite", "numbers")
        if not deviation:
            raise InputError(tomogram.path, "the same number in all voxels", "an image of a specimen")
        volume = (volume - np.float32(mean)) / np.float32(deviation)
        widths = Widths(sheet=max(self.leaflet / spacing, 0.8), neighbourhood=40.0 / spacing, disc=self.disc / spacing)
        scores = np.stack(list(sections([volume], lambda blocks: self._scores(blocks, widths), _LARGEST_BLOCK, MARGIN)))
        noise = noise_of(scores)
        choice = Choice(
            weak=self.weak * noise,
            strong=self.strong * noise,
            voxels=self.smallest_area * _THICKNESS / spacing**3,
            gap=round(_HALF_GAP / spacing),
        )
        return np.minimum(parts(scores, choice), np.iinfo(np.int16).max).astype(np.int16)

    def _scores(self, blocks: Sequence[Volume], widths: Widths) -> Volume:
        scores: Volume = to_host(plate_scores(to_device(blocks[0], self.device), widths))
        return scores


def _check(tomogram: Tomogram) -> None:
    check(tomogram)
    if tomogram.voxel_size > COARSEST:
        raise InputError(
            tomogram.path,
            f"voxels of {tomogram.voxel_size:.1f} A",
            f"at most {COARSEST:g} A, to see membranes (a smaller binning of the reconstruction)",
        )
