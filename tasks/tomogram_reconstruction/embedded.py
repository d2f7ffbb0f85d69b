"""Weighted back-projection."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.fft
from pydantic import PositiveFloat, PositiveInt

from tasks.errors import InputError
from tasks.formats.mrc import writing
from tasks.models import Alignment, Device, ImagedTiltSeries, Model, Optics, Threads, Tomogram
from tasks.numerics.device import Array, to_device, to_host
from tasks.tomogram_reconstruction.back_projection import planes
from tasks.tomogram_reconstruction.contrast import CtfCorrection, Treatment, treat
from tasks.tomogram_reconstruction.layout import Layout, View, lay_out, tilt_weights
from tasks.tomogram_reconstruction.local import without_patches
from tasks.tomogram_reconstruction.outcome import tomogram
from tasks.tomogram_reconstruction.resampling import OVERSAMPLING, upright
from tasks.tomogram_reconstruction.tilt_images import (
    AlignedImage,
    Choice,
    aligned_images,
    even,
    has_halves,
    odd,
    read,
    whole,
)
from tasks.tomogram_reconstruction.weighting import Weighting

Plane = npt.NDArray[np.float32]
_TREATED = ("binning", "dose_weighting", "ctf_correction", "handedness")


class EmbeddedReconstruction(Model):
    """Weighted back-projection on the CPU or a GPU."""

    tool: Literal["embedded"] = "embedded"
    binning: PositiveInt = 4
    """Edge of a voxel in pixels of the tilt images."""
    thickness: PositiveFloat | None = None
    """Thickness of the volume in angstrom; by default half of the shorter side of the images."""
    weighting: Weighting = "exact"
    """How frequencies that several tilts share are weighted: by their true overlap, or by the frequency (ramp)."""
    sirt_iterations: PositiveInt | None = None
    """Weight as so many iterations of SIRT would, which suppresses noise (10 to 50 are usual); exact weighting only."""
    ctf_correction: CtfCorrection = "phase-flip"
    """Correction of the contrast transfer function, in strips of one height, of images whose CTF is known."""
    handedness: Literal[-1, 1] = -1
    """Whether defocus grows (1) or falls (-1) with the height of the specimen (rlnTomoHand)."""
    dose_weighting: bool = True
    """Weight images by the dose before them, unless they are made of movies, whose frames are weighted already."""
    halves: bool = True
    """Reconstruct two halves as well, of even and odd frames or else of every second tilt: denoising needs them."""
    device: Device = "cpu"
    threads: Threads = 1

    def reconstruct(self, series: ImagedTiltSeries, alignment: Alignment, folder: Path) -> Tomogram:
        """Reconstruct the volume of an aligned tilt series, and its halves."""
        images = aligned_images(series, alignment)
        layout = lay_out(images, self.binning, self.thickness)
        paths = [folder / f"{series.name}{suffix}.mrc" for suffix in (("", "_even", "_odd") if self.halves else ("",))]
        folder.mkdir(parents=True, exist_ok=True)
        _check_space(folder, len(paths) * 4 * int(np.prod(layout.shape)))
        with scipy.fft.set_workers(self.threads):
            for group, volumes in self._volumes(images, layout, paths, series.optics):
                _write(group, volumes, layout)
        program = without_patches(f"cryoem-flows {version('cryoem-flows')}", alignment)
        return tomogram(paths, layout.voxel_size, program)

    def _volumes(
        self, images: tuple[AlignedImage, ...], layout: Layout, paths: Sequence[Path], optics: Optics
    ) -> Iterator[tuple[Sequence[Path], Iterator[tuple[Plane, ...]]]]:
        """Yield the volumes that are made together, plane by plane."""
        filters = tilt_weights(images, layout, self.weighting, self.sirt_iterations)
        treatment = Treatment(optics=optics, **self.model_dump(include=set(_TREATED)))
        views = [View(*view) for view in zip(images, layout.poses, filters, strict=True)]
        if len(paths) == 1 or all(has_halves(aligned) for aligned in images):
            for path, choice in zip(paths, (whole, even, odd), strict=False):
                yield [path], ((plane,) for plane in self._planes(views, layout, treatment, choice))
        else:
            evens = self._planes(views[1::2], layout, treatment, whole)
            odds = self._planes(views[::2], layout, treatment, whole)
            yield paths, ((one + two, 2 * one, 2 * two) for one, two in zip(evens, odds, strict=True))

    def _planes(self, views: Sequence[View], layout: Layout, treatment: Treatment, choice: Choice) -> Iterator[Plane]:
        """Yield the planes of a volume of some of the images, weighted as parts of all."""
        angles = [view.aligned.place.angle for view in views]
        stack = self._stack(views, layout, treatment, choice)
        found = planes(stack, angles, (layout.shape[0], layout.shape[2]), self.threads)
        return map(to_host, found)

    def _stack(self, views: Sequence[View], layout: Layout, treatment: Treatment, choice: Choice) -> Array:
        """Return the images with the tilt axis upright, each point along the axis beside the next in memory."""
        size = (len(views), layout.canvas.columns * OVERSAMPLING, layout.canvas.kept)
        stack = to_device(np.empty(size, np.float32), self.device)
        for number, view in enumerate(views):
            image = treat(to_device(read(view.aligned, choice), self.device), view.aligned, treatment)
            stack[number, ...] = upright(image, view.pose, layout.canvas, to_device(view.weights, self.device))
        return stack


def _check_space(folder: Path, needed: int) -> None:
    """Refuse to begin what the disk cannot hold."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(folder, f"{free / 1e9:.2f} GB free", f"{needed / 1e9:.2f} GB for the volumes")


def _write(paths: Sequence[Path], groups: Iterator[tuple[Plane, ...]], layout: Layout) -> None:
    """Write volumes plane by plane, side by side."""
    with ExitStack() as files:
        writers = [files.enter_context(writing(path, layout.shape[1:], layout.voxel_size)) for path in paths]
        for group in groups:
            for writer, plane in zip(writers, group, strict=True):
                writer.write(plane)
