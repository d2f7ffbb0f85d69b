"""Exposure filter: weigh each frame by what the dose has left of its signal."""

import numpy as np
import numpy.typing as npt

from tasks.numerics.optics import critical_dose


def accumulated_doses(frames: int, dose_per_frame: float, pre_exposure: float) -> npt.NDArray[np.float64]:
    """Return the dose that the specimen had at the end of each frame, in electron per square angstrom."""
    return pre_exposure + dose_per_frame * np.arange(1, frames + 1, dtype=np.float64)


def dose_weights(
    doses: npt.NDArray[np.float64], shape: tuple[int, int], pixel_size: float, voltage: float
) -> npt.NDArray[np.float32]:
    """Return the weights of frames for the transform of (ny, nx) pixels, shape (frames, ny, nx // 2 + 1).

    They are scaled so that their squares sum to 1: the noise of the sum is that of one frame, and stays white (Grant
    and Grigorieff 2015, doi:10.7554/eLife.06980).
    """
    fy, fx = np.fft.fftfreq(shape[0], pixel_size), np.fft.rfftfreq(shape[1], pixel_size)
    frequency = np.hypot(fy[:, None], fx)
    # At frequency 0 nothing is lost, but the critical dose is infinite.
    frequency[0, 0] = frequency[0, 1] * 1e-6
    weights = np.exp(-doses[:, None, None] / (2 * critical_dose(frequency, voltage)))
    return np.asarray(weights / np.sqrt(np.square(weights).sum(axis=0)), np.float32)
