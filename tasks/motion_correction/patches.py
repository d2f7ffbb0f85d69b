"""Patches of reduced frames as whitened transforms: what the fit of the motion compares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.fft

from tasks.motion_correction.band import Band, make_band
from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import rfft2
from tasks.numerics.optics import critical_dose

_EDGE = 0.05
# Mean square displacement of water in square angstrom per electron per square angstrom (McMullan, Vinothkumar and
# Henderson 2015, doi:10.1016/j.ultramic.2015.05.017).
_MOBILITY = 1.0


@dataclass(frozen=True)
class Exposure:
    """What the fit has to know of the frames."""

    pixel_size: float
    """Of the frames that are cut, in angstrom."""
    resolution: float
    """Finest detail to be used, in angstrom."""
    dose_per_frame: float
    voltage: float

    def survival(self, frequencies: npt.NDArray[np.float64], frames: int) -> npt.NDArray[np.float64]:
        """Return what the dose leaves of the signal at frequencies in cycles per pixel, (frames, frequencies)."""
        doses = (np.arange(frames) + 0.5) * self.dose_per_frame
        critical = critical_dose(np.maximum(frequencies, 1e-6) / self.pixel_size, self.voltage)
        return np.asarray(np.exp(-doses[:, None] / (2 * critical)))

    def mixing(self, frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return how much of the structure of ice at frequencies in cycles per pixel is the same in the next frame."""
        squared = (frequencies / self.pixel_size) ** 2
        return np.asarray(np.exp(-2 / 3 * np.pi**2 * _MOBILITY * squared * self.dose_per_frame))


@dataclass(frozen=True)
class Patch:
    """One patch of all frames."""

    transforms: Array
    """Whitened coefficients (frames, frequencies of the band)."""
    u: float
    """Place of the middle, from -0.5 to 0.5 over the columns of the frame."""
    v: float
    """The same over the rows."""
    offsets: npt.NDArray[np.float64]
    """Whole pixels, as x and y, by which the patch was cut later in each frame, shape (frames, 2)."""


@dataclass(frozen=True)
class Patches:
    """All patches of a movie."""

    patches: list[Patch]
    band: Band
    survival: npt.NDArray[np.float64]
    """Fraction of the signal that the dose has left in each frame and ring, (frames, rings)."""
    mixing: npt.NDArray[np.float64]
    """How much of the structure of ice outlasts the time from one frame to the next, (rings,)."""

    def narrower(self, factor: float) -> "Patches":
        """Return the same patches in the low part of their band."""
        band = self.band.first(int(self.band.ring_count * factor))
        patches = [replace(patch, transforms=patch.transforms[:, : len(band.rows)]) for patch in self.patches]
        return Patches(patches, band, self.survival[:, : band.ring_count], self.mixing[: band.ring_count])


def cut_patches(
    frames: Sequence[Array], coarse: npt.NDArray[np.float64], grid: tuple[int, int], exposure: Exposure
) -> Patches:
    """Cut (columns, rows) of patches that follow the coarse motion, and transform them."""
    shape = frames[0].shape
    size = (_patch_size(shape[0], grid[1]), _patch_size(shape[1], grid[0]))
    band = make_band(size, exposure.pixel_size / exposure.resolution)
    frequencies = np.arange(band.ring_count) / min(size)
    window = _window(size)
    patches = []
    for top in _starts(shape[0], size[0], grid[1]):
        for left in _starts(shape[1], size[1], grid[0]):
            corners = _corners(coarse, (top, left), size, (shape[0], shape[1]))
            stack = _stack(frames, corners, size, window)
            offsets = corners[:, ::-1] - np.array([left, top])
            u, v = (left + size[1] / 2) / shape[1] - 0.5, (top + size[0] / 2) / shape[0] - 0.5
            patches.append(Patch(_transforms(stack, band), u, v, offsets.astype(float)))
    survival = exposure.survival(frequencies, len(frames))
    return Patches(patches, band, survival, exposure.mixing(frequencies))


def _patch_size(length: int, count: int) -> int:
    """Return an even length that is transformed fast, at least a share of the whole one."""
    fast = 2 * int(scipy.fft.next_fast_len(-(-length // (2 * count)), real=True))
    return min(fast, length // 2 * 2)


def _starts(length: int, size: int, count: int) -> list[int]:
    return [round(start) for start in np.linspace(0, length - size, count)]


def _corners(
    coarse: npt.NDArray[np.float64], corner: tuple[int, int], size: tuple[int, int], shape: tuple[int, int]
) -> npt.NDArray[np.intp]:
    """Return the first row and column of a patch in each frame: where it went, as far as that is in the frame."""
    wanted = np.array(corner) + np.rint(coarse[:, ::-1]).astype(np.intp)
    return np.asarray(np.clip(wanted, 0, np.array(shape) - np.array(size)))


def _stack(
    frames: Sequence[Array], corners: npt.NDArray[np.intp], size: tuple[int, int], window: npt.NDArray[np.float32]
) -> Array:
    xp = namespace(frames[0])
    parts = [
        frame[int(top) : int(top) + size[0], int(left) : int(left) + size[1]]
        for frame, (top, left) in zip(frames, corners, strict=True)
    ]
    tapered = xp.asarray(window, device=frames[0].device)
    return xp.stack(parts) * tapered


def _window(size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return a window that falls to 0 in a narrow margin only: a wide one would waste the signal there."""
    along_y, along_x = (_taper(length) for length in size)
    return np.asarray(along_y[:, None] * along_x, np.float32)


def _taper(length: int) -> npt.NDArray[np.float64]:
    distance = (np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5) / length
    return np.asarray(np.sin(np.pi / 2 * np.minimum(distance / _EDGE, 1)))


def _transforms(stack: Array, band: Band) -> Array:
    """Transform patches and scale each ring so that its mean power is 1."""
    xp = namespace(stack)
    device = stack.device
    full = xp.take(rfft2(stack)[:, :, : len(band.kx)], xp.asarray(band.places, device=device), axis=1)
    flat = xp.reshape(full, (full.shape[0], len(band.ky) * len(band.kx)))
    part = xp.take(flat, xp.asarray(band.rows * len(band.kx) + band.columns, device=device), axis=1)
    power = to_host(xp.mean(xp.real(part) ** 2 + xp.imag(part) ** 2, axis=0))
    scale = 1 / np.sqrt(np.maximum(band.ring_sums(power) / np.maximum(band.sizes(), 1), 1e-30))
    return part * xp.asarray(scale[band.rings()].astype(np.float32), device=device)
