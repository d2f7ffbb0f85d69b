"""Denoising by local Wiener weights in bands of frequency."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.fft

from tasks.denoising.shrinkage import Weigh, agreements, by_halves, by_noise, mean_agreements, noise_powers, shrink
from tasks.errors import InputError
from tasks.formats.mrc import header, mapped, writing
from tasks.models import Device, Model, Threads, Tomogram
from tasks.numerics.blocks import Volume, padded, sections
from tasks.numerics.device import to_device, to_host
from tasks.numerics.shells import central_blocks


class EmbeddedDenoising(Model):
    """Local Wiener filter that keeps what the halves of a tomogram have in common."""

    tool: Literal["embedded"] = "embedded"
    use_halves: bool = True
    """Measure the noise by the halves of the tomogram where it has them; else take it to be what most voxels hold."""
    device: Device = "cpu"
    threads: Threads = 1

    def denoise(self, tomogram: Tomogram, folder: Path) -> Tomogram:
        """Denoise a tomogram."""
        paths = _inputs(tomogram, use_halves=self.use_halves)
        target = folder / f"{tomogram.path.stem}_denoised.mrc"
        volumes = [mapped(path) for path in paths]
        with scipy.fft.set_workers(self.threads), writing(target, tomogram.shape[1:], tomogram.voxel_size) as writer:
            weigh = self._weigh(volumes)
            for section in sections(volumes, lambda blocks: self._shrunk(blocks, paths, weigh)):
                writer.write(section)
        program = f"cryoem-flows {version('cryoem-flows')}"
        return tomogram.model_copy(update={"path": target, "even": None, "odd": None, "program": program})

    def _shrunk(self, blocks: Sequence[Volume], paths: Sequence[Path], weigh: Weigh) -> Volume:
        """Denoise one block."""
        for block, path in zip(blocks, paths, strict=True):
            if not np.isfinite(block.sum(dtype=np.float64)):
                raise InputError(path, "voxels that are not finite", "numbers")
        whole, *halves = (to_device(block, self.device) for block in blocks)
        return to_host(shrink(whole, halves or [whole], weigh))

    def _weigh(self, volumes: Sequence[npt.NDArray[np.generic]]) -> Weigh:
        """Measure signal and noise in blocks about the centre."""
        evidence = volumes[1:] or volumes
        samples = [
            [to_device(padded(volume, [(part.start, part.stop) for part in block]), self.device) for volume in evidence]
            for block in central_blocks(volumes[0].shape, _SAMPLE_EDGE, _SAMPLES)
        ]
        if len(volumes) > 1:
            return by_halves(mean_agreements([agreements(first, second) for first, second in samples]))
        return by_noise([float(power) for power in np.median([noise_powers(sample) for (sample,) in samples], axis=0)])


_SAMPLE_EDGE = 128
_SAMPLES = 8


def _inputs(tomogram: Tomogram, *, use_halves: bool) -> list[Path]:
    """Return the volume and the halves that are there, all of one shape."""
    halves = [tomogram.even, tomogram.odd] if use_halves else []
    paths = [tomogram.path, *(half for half in halves if half is not None)]
    for path in paths:
        if header(path).shape != tomogram.shape:
            raise InputError(path, f"{_voxels(header(path).shape)} voxels", _voxels(tomogram.shape))
    return paths if len(paths) == 3 else paths[:1]


def _voxels(shape: Sequence[int]) -> str:
    return " x ".join(map(str, reversed(shape)))
