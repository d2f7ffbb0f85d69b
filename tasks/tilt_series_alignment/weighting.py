"""How far two tilts see the same in Fourier space, and what each frequency is thus worth."""

import math

import numpy as np
import numpy.typing as npt

_FADING = 9 / 64
"""Power that is left in a patch that fades at its edges: the mean of sine to the fourth power, in x and y."""
Weights = npt.NDArray[np.float32]


class Spectrum:
    """Signal-to-noise ratio of unfolded images at the frequencies of a square of pixels."""

    def __init__(self, signal: npt.NDArray[np.float64], cosines: npt.NDArray[np.float64], side: int) -> None:
        fy, fx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
        self.fx, self.fy = fx, fy
        bins = (np.arange(len(signal)) + 0.5) / (2 * len(signal))
        # Unfolding stretches the image across the axis.
        radius = np.sqrt((fx[None] / cosines[:, None, None]) ** 2 + fy[None] ** 2)
        self.ratio = np.where(radius < 0.5, np.interp(radius, bins, signal), 0.0).astype(np.float32)

    def shared(self, tangents: npt.NDArray[np.float64], first: int, second: int, depth: float) -> Weights:
        """Return the signal of a layer of a depth (in pixels) that two images share.

        Points of different height move apart between two tilts, the more the higher the frequency across the axis. The
        loss is that of a Gaussian layer as deep, in variance, as a layer with sharp faces.
        """
        apart = math.pi * depth * (tangents[first] - tangents[second])
        agreement = np.exp(-((self.fx * apart) ** 2) / 6)
        return np.asarray(np.sqrt(self.ratio[first] * self.ratio[second]) * agreement, np.float32)


class PairWeights:
    """Weights of the frequencies in the correlation of pairs of tilts.

    With a signal-to-noise ratio s that a tilt shares with others, whose ratios sum to S, the likelihood of a common
    Gaussian signal in white noise grows by s / (1 + S) times the correlation.
    """

    def __init__(self, spectrum: Spectrum, tangents: npt.NDArray[np.float64], reach: int, depth: float) -> None:
        count = len(tangents)
        self.pairs = np.array([(i, j) for i in range(count) for j in range(max(0, i - reach), i)], np.intp)
        self.spectrum, self._tangents, self._depth = spectrum, tangents, depth
        self._total = spectrum.ratio.copy()
        for first, second in self.pairs:
            shared = self.shared(first, second)
            self._total[first] += shared
            self._total[second] += shared

    def shared(self, first: int, second: int) -> Weights:
        """Return the signal that two tilts share."""
        return self.spectrum.shared(self._tangents, first, second, self._depth)

    def coherence(self, first: int, second: int) -> Weights:
        """Return which part of the power of whitened images two tilts share."""
        whole = (1 + self.spectrum.ratio[first]) * (1 + self.spectrum.ratio[second])
        return np.asarray(self.shared(first, second) / np.sqrt(whole), np.float32)

    def of(self, first: int, second: int) -> Weights:
        """Return the weights of a pair."""
        total = 0.5 * (self._total[first] + self._total[second])
        return np.asarray(self.shared(first, second) / (1 + total), np.float32)

    def curvatures(self) -> npt.NDArray[np.float64]:
        """Return the expected curvature in x and y of the correlation of each pair (pairs, 2)."""
        fy, fx = self.spectrum.fy, self.spectrum.fx
        side = fy.shape[0]
        rows = []
        for first, second in self.pairs:
            strength = self.coherence(first, second) * self.of(first, second)
            rows.append([8 * math.pi**2 * _FADING * float(np.sum(strength * f**2)) / side for f in (fx, fy)])
        return np.array(rows)

    def strengths(self) -> npt.NDArray[np.float64]:
        """Return the expected correlation of each pair of patches that fade at their edges."""
        side = self.spectrum.fy.shape[0]
        doubled = np.where((self.spectrum.fx == 0) | (self.spectrum.fx == 0.5), 1, 2)
        sums = [
            np.sum(doubled * self.coherence(first, second) * self.of(first, second)) for first, second in self.pairs
        ]
        return np.asarray(np.array(sums) * _FADING / side)
