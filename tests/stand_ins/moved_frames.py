"""What the stand-ins of the MotionCor family compute: one global shift for each frame, and sums along it."""

from dataclasses import dataclass

import numpy as np
from numpy.fft import irfft2, rfft2

from tasks.formats.gain import read_gain
from tasks.models import GainReference
from tasks.numerics.optics import critical_dose

_FLIPS = ("none", "upside-down", "left-right")


def options(words, known, complaint):
    """Return the values that follow each flag; stop as the program would at one that it does not know."""
    found, flag = {}, None
    for word in words:
        if word.startswith("-") and not word[1:2].isdigit():
            flag = word
            if flag not in known:
                raise SystemExit(complaint(flag))
            found[flag] = []
        elif flag:
            found[flag].append(word)
    return found


def gain_of(asked):
    """Return the gain reference that was named, turned as was asked."""
    if not asked.get("-Gain"):
        return None
    rotation, flip = (int(asked.get(flag, ["0"])[0]) for flag in ("-RotGain", "-FlipGain"))
    return read_gain(GainReference(path=asked["-Gain"][0], rotation=rotation, flip=_FLIPS[flip]))


@dataclass
class Moved:
    """Frames and the shifts that correct them, in pixels, relative to the central one."""

    transforms: np.ndarray
    shape: tuple[int, int]
    shifts: np.ndarray

    def sums(self, weights=None):
        """Return the sums of the odd and of the even frames."""
        fy, fx = np.fft.fftfreq(self.shape[0])[:, None], np.fft.rfftfreq(self.shape[1])
        halves = np.zeros((2, *self.transforms.shape[1:]), complex)
        for number, (x, y) in enumerate(self.shifts):
            moved = self.transforms[number] * np.exp(-2j * np.pi * (fx * x + fy * y))
            halves[number % 2] += moved if weights is None else moved * weights[number]
        return halves


def align(frames):
    """Align frames to what the others show."""
    shape = frames[0].shape
    transforms = np.array([rfft2(frame - frame.mean()) for frame in frames])
    transforms[:, 0, 0] = [frame.sum() for frame in frames]
    radius = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    filtered = np.exp(-((radius / 0.12) ** 2))
    filtered[0, 0] = 0
    moved = Moved(transforms, shape, np.zeros((len(frames), 2)))
    for _ in range(6):
        total = moved.sums().sum(axis=0)
        fy, fx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])
        for number, (x, y) in enumerate(moved.shifts):
            own = transforms[number] * np.exp(-2j * np.pi * (fx * x + fy * y))
            others = total - own
            moved.shifts[number] += _peak(irfft2(np.conj(own) * others * filtered, shape))
    moved.shifts -= moved.shifts[len(frames) // 2]
    return moved


def bin_sum(transform, shape, binning):
    """Return the image of a sum, binned by cropping its transform."""
    rows, columns = (max(2, 2 * round(length / binning / 2)) for length in shape)
    if (rows, columns) == shape:
        return irfft2(transform, shape).astype(np.float32)
    cropped = np.concatenate([transform[: rows // 2], transform[-(rows // 2) :]])[:, : columns // 2 + 1]
    return (irfft2(cropped, (rows, columns)) * rows * columns / np.prod(shape)).astype(np.float32)


def dose_weights(doses, shape, pixel_size, voltage):
    """Return the weights of frames after which the specimen had these doses."""
    radius = np.hypot(np.fft.fftfreq(shape[0], pixel_size)[:, None], np.fft.rfftfreq(shape[1], pixel_size))
    radius[0, 0] = 1e-6
    weights = np.exp(-doses[:, None, None] / (2 * critical_dose(radius, voltage)))
    return weights / np.sqrt((weights**2).sum(axis=0))


def _peak(correlation):
    """Return the place of the highest value as x and y, by a parabola through its neighbours."""
    rows, columns = correlation.shape
    y, x = np.unravel_index(correlation.argmax(), correlation.shape)
    centre = correlation[y, x]
    found = []
    for before, after, place, length in (
        (correlation[y, x - 1], correlation[y, (x + 1) % columns], x, columns),
        (correlation[y - 1, x], correlation[(y + 1) % rows, x], y, rows),
    ):
        curve = before - 2 * centre + after
        exact = place + (0.5 * (before - after) / curve if curve else 0)
        found.append((exact + length / 2) % length - length / 2)
    return found
