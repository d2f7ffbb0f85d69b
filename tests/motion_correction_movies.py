"""Movies with a texture that moves as told, cheap enough for every test."""

import numpy as np
from scipy.fft import fft2, ifft2


def moving_counts(shape, paths, *, seed, gain=None, rate=4.0, local=0.0):
    """Return Poisson counts of a texture displaced by (x, y) pixels per frame, and locally by ``local`` * u in x."""
    random = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])
    spectrum = fft2(random.standard_normal(shape)) * np.exp(-((np.hypot(fy, fx) / 0.15) ** 2))
    scale = 0.25 / ifft2(spectrum).real.std()
    frames = []
    for number, (x, y) in enumerate(paths):
        image = 1 + scale * ifft2(spectrum * np.exp(-2j * np.pi * (fx * x + fy * y))).real
        if local:
            image = _stretched(image, local * number / (len(paths) - 1))
        expected = rate * np.clip(image, 0.4, None)
        frames.append(random.poisson(expected if gain is None else expected / gain))
    return np.array(frames, np.uint8)


def _stretched(image, by):
    columns = np.arange(image.shape[1])
    source = columns - by * (columns / image.shape[1] - 0.5)
    return np.stack([np.interp(source, columns, row) for row in image])


def drift(frames, *, seed, length=6.0):
    """Return a path in pixels that slows down, from (0, 0)."""
    random = np.random.default_rng(seed)
    progress = 1 - np.exp(-np.arange(frames) / 3)
    angle = random.uniform(0, 2 * np.pi)
    path = length * progress[:, None] * np.array([np.cos(angle), np.sin(angle)])
    path[1:] += np.cumsum(random.normal(0, 0.1, (frames - 1, 2)), axis=0)
    return path
