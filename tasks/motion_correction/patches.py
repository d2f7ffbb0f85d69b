"""Patches of reduced frames as whitened transforms: what the fit of the motion compares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.fft

from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import rfft2
from tasks.numerics.optics import critical_dose

_EDGE = 0.05
_FEWEST_PERIODS = 3.0


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


@dataclass(frozen=True)
class Patch:
    """One patch of all frames."""

    transforms: Array
    """Whitened coefficients (ky, frames, kx) of a band around frequency 0."""
    u: float
    """Place of the middle, from -0.5 to 0.5 over the columns of the frame."""
    v: float
    """The same over the rows."""
    offsets: npt.NDArray[np.float64]
    """Whole pixels, as x and y, by which the patch was cut later in each frame, shape (frames, 2)."""


@dataclass(frozen=True)
class Band:
    """The frequencies of a patch."""

    ky: npt.NDArray[np.float32]
    """Radian per pixel."""
    kx: npt.NDArray[np.float32]
    rings: npt.NDArray[np.intp]
    """Number of the ring of each coefficient (ky, kx), the last one for those that are not used."""
    multiplicity: npt.NDArray[np.float32]
    """Independent coefficients that each one stands for (ky, kx): 0 where it is not used."""
    rows: npt.NDArray[np.intp]
    """Rows of the transform of the whole patch that belong to the band."""

    @property
    def ring_count(self) -> int:
        """Number of rings, with the last one that is not used."""
        return int(self.rings.max()) + 1

    def ring_means(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return the mean of real values (ky, kx) in each ring, 0 in the last one."""
        flat, weights = self.rings.ravel(), self.multiplicity.ravel()
        sums = np.bincount(flat, (values * self.multiplicity).ravel(), self.ring_count)
        return np.asarray(sums / np.maximum(np.bincount(flat, weights, self.ring_count), 1))

    def ring_sizes(self) -> npt.NDArray[np.float64]:
        """Return the number of independent coefficients in each ring."""
        return np.asarray(np.bincount(self.rings.ravel(), self.multiplicity.ravel(), self.ring_count), np.float64)


def make_band(size: tuple[int, int], highest: float) -> Band:
    """Return the band of patches of (ny, nx) pixels up to a frequency in cycles per pixel."""
    fy, fx = np.fft.fftfreq(size[0]), np.fft.rfftfreq(size[1])
    highest = min(highest, 0.49)
    rows, columns = np.nonzero(np.abs(fy) <= highest)[0], np.nonzero(fx <= highest)[0]
    fy, fx = fy[rows], fx[columns]
    frequency = np.hypot(fy[:, None], fx)
    step = 1 / min(size)
    # The lowest frequencies are gradients of illumination, which stay where they are.
    used = (frequency <= highest) & (frequency >= _FEWEST_PERIODS * step)
    last = int(highest / step) + 1
    rings = np.where(used, np.minimum(frequency / step, last - 1).astype(np.intp), last)
    multiplicity = np.where(used, np.where(fx == 0, 0.5, 1.0), 0).astype(np.float32)
    radians = 2 * np.pi
    return Band(np.asarray(fy * radians, np.float32), np.asarray(fx * radians, np.float32), rings, multiplicity, rows)


@dataclass(frozen=True)
class Patches:
    """All patches of a movie."""

    patches: list[Patch]
    band: Band
    survival: npt.NDArray[np.float64]
    """Fraction of the signal that the dose has left in each frame and ring, (frames, rings)."""

    def narrower(self, factor: float) -> "Patches":
        """Return the same patches in the low part of their band."""
        band = self.band
        highest = float(np.abs(band.ky).max()) * factor
        rows, columns = np.nonzero(np.abs(band.ky) <= highest)[0], int((band.kx <= highest).sum())
        used = np.hypot(band.ky[rows, None], band.kx[:columns]) <= highest
        used &= band.multiplicity[rows, :columns] > 0
        rings = band.rings[rows, :columns]
        part = Band(
            ky=band.ky[rows],
            kx=band.kx[:columns],
            rings=np.where(used, rings, int(rings[used].max()) + 1),
            multiplicity=np.where(used, band.multiplicity[rows, :columns], 0).astype(np.float32),
            rows=band.rows[rows],
        )
        patches = [replace(patch, transforms=_low(patch.transforms, rows, columns)) for patch in self.patches]
        return Patches(patches, part, self.survival[:, : part.ring_count])


def _low(transforms: Array, rows: npt.NDArray[np.intp], columns: int) -> Array:
    xp = namespace(transforms)
    return xp.take(transforms, xp.asarray(rows, device=transforms.device), axis=0)[:, :, :columns]


def cut_patches(
    frames: Sequence[Array], coarse: npt.NDArray[np.float64], grid: tuple[int, int], exposure: Exposure
) -> Patches:
    """Cut (columns, rows) of patches that follow the coarse motion, and transform them."""
    shape = frames[0].shape
    size = (_patch_size(shape[0], grid[1]), _patch_size(shape[1], grid[0]))
    band = make_band(size, exposure.pixel_size / exposure.resolution)
    survival = exposure.survival(np.arange(band.ring_count) / min(size), len(frames))
    window = _window(size)
    patches = []
    for top in _starts(shape[0], size[0], grid[1]):
        for left in _starts(shape[1], size[1], grid[0]):
            corners = _corners(coarse, (top, left), size, (shape[0], shape[1]))
            stack = _stack(frames, corners, size, window)
            offsets = corners[:, ::-1] - np.array([left, top])
            u, v = (left + size[1] / 2) / shape[1] - 0.5, (top + size[0] / 2) / shape[0] - 0.5
            patches.append(Patch(_transforms(stack, band, survival), u, v, offsets.astype(float)))
    return Patches(patches, band, survival)


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


def _transforms(stack: Array, band: Band, survival: npt.NDArray[np.float64]) -> Array:
    """Transform patches, scale each ring so that its mean power is 1, and weight it with what is left of the signal."""
    xp = namespace(stack)
    device = stack.device
    full = rfft2(stack)[:, :, : len(band.kx)]
    part = xp.take(full, xp.asarray(band.rows, device=device), axis=1)
    power = to_host(xp.mean(xp.real(part) ** 2 + xp.imag(part) ** 2, axis=0))
    scale = 1 / np.sqrt(np.maximum(band.ring_means(power), 1e-30))
    scale[-1] = 0
    factors = xp.asarray((scale * survival).astype(np.float32)[:, band.rings], device=device)
    return xp.permute_dims(part * factors, (1, 0, 2)) + 0
