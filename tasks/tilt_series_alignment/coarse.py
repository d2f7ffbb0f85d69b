"""Coarse alignment: each whole image against its neighbours, from the smallest tilt outwards."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import irfft2, rfft2
from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.preparation import Prepared
from tasks.tilt_series_alignment.specimen_plane import beside, unfold
from tasks.tilt_series_alignment.weighting import PairWeights, Spectrum

_REACH = 3
"""Neighbours on one side that an image is compared with."""


@dataclass
class CoarseAlignment:
    """Displacements found by correlating whole images."""

    prepared: Prepared
    geometry: Geometry
    depth: float
    """Thickness of the specimen in pixels, roughly."""
    _transforms: dict[int, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spectrum = Spectrum(self.prepared.signal, self.geometry.cosines, self.prepared.size)
        self._weights = PairWeights(spectrum, self.geometry.tangents, _REACH, self.depth)

    def align(self) -> Geometry:
        """Go outwards once, then compare each image with its neighbours on both sides."""
        count = len(self.geometry.angles)
        order = sorted(range(count), key=lambda index: abs(self.geometry.angles[index]))
        known: list[int] = []
        for index in order:
            if known:
                self._place(index, sorted(known, key=lambda other: abs(other - index))[:_REACH])
            known.append(index)
        for index in order:
            self._place(index, [other for other in range(index - _REACH, index + _REACH + 1) if 0 <= other < count])
        return self.geometry

    def _place(self, index: int, others: Sequence[int]) -> None:
        """Move one image to where its correlation with others is highest."""
        own = self._transform(index)
        xp = namespace(own)
        cross = xp.zeros_like(own)
        for other in others:
            if other != index:
                weight = beside(own, self._weights.of(index, other))
                cross = cross + own * xp.conj(self._transform(other)) * weight
        shifts = np.zeros_like(self.geometry.displacements)
        shifts[index] = highest(to_host(irfft2(cross, (self.prepared.size,) * 2)))
        self.geometry = self.geometry.moved(shifts)
        self._transforms.pop(index)

    def _transform(self, index: int) -> Array:
        """Return the transform of an unfolded image, at its present displacement."""
        if index not in self._transforms:
            self._transforms[index] = rfft2(unfold(self.prepared, self.geometry, index)[0])
        return self._transforms[index]


def highest(correlation: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return x and y of the peak of a periodic correlation, to a fraction of a pixel."""
    peak = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
    found = []
    for axis in (1, 0):
        length = correlation.shape[axis]
        line = np.roll(np.take(correlation, int(peak[1 - axis]), 1 - axis), 1 - int(peak[axis]))[:3]
        bend = float(line[0] - 2 * line[1] + line[2])
        fraction = 0.5 * float(line[0] - line[2]) / bend if bend < 0 else 0.0
        found.append((int(peak[axis]) + length // 2) % length - length // 2 + fraction)
    return found[0], found[1]


def align_coarsely(prepared: Prepared, geometry: Geometry, depth: float) -> Geometry:
    """Align whole images."""
    return CoarseAlignment(prepared, replace(geometry), depth).align()
