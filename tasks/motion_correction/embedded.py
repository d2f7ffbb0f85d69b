"""Motion correction by the most likely global and local displacements of all patches at once."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.fft
from pydantic import Field, PositiveFloat, PositiveInt

from tasks.errors import ResultError
from tasks.formats.mrc import write_mrc
from tasks.models import Device, Micrograph, Model, Motion, Movie, Threads
from tasks.motion_correction.exposure import accumulated_doses, dose_weights
from tasks.motion_correction.measure import measure_motion
from tasks.motion_correction.metadata import motion_table, relion_coefficients, write_motion
from tasks.motion_correction.movie_frames import MovieFrames
from tasks.motion_correction.patches import Exposure
from tasks.motion_correction.path_length import check_steps, path_lengths
from tasks.motion_correction.reduction import reduce_frames, reduction
from tasks.motion_correction.spectrum import group_length, group_spectrum
from tasks.motion_correction.summation import Sums, choose_tiling, sum_frames
from tasks.motion_correction.trajectory import Trajectory, still
from tasks.numerics.device import to_device, to_host
from tasks.numerics.fourier import bin_image

Places = tuple[tuple[float, float], ...]
Image = npt.NDArray[np.float32]


class EmbeddedMotion(Model):
    """Global and local motion correction with exposure filter."""

    tool: Literal["embedded"] = "embedded"
    patches: tuple[PositiveInt, PositiveInt] = (6, 6)
    """Patches in x and y that local motion is found in; with fewer than 3 either way, motion is the same everywhere."""
    resolution: PositiveFloat = 4.0
    """Finest detail that motion is measured with, in angstrom."""
    binning: float = Field(default=1.0, ge=1)
    """Size of the micrograph's pixels in pixels of the frames; the frames are binned by cropping in Fourier space."""
    dose_weighting: bool = True
    """Weight frequencies by what the dose has left of them; needs the dose per frame."""
    unweighted: bool = True
    """Write the sum without dose weighting too."""
    halves: bool = True
    """Write the sums of the odd and the even frames too; denoising needs them."""
    power_spectrum: bool = True
    """Write the power spectrum of short groups of frames too."""
    largest_step: PositiveFloat = 100.0
    """Refuse a movie whose specimen seems to move farther than this from one frame to the next, in angstrom."""
    largest_local: PositiveFloat = 40.0
    """Correct global motion only where local motion seems to be larger than this, in angstrom."""
    device: Device = "cpu"
    threads: Threads = 1

    def correct(self, movie: Movie, folder: Path) -> Motion:
        """Correct the motion of a movie and write the sums to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        with scipy.fft.set_workers(self.threads):
            frames = MovieFrames(movie)
            trajectory, places = self._measure(movie, frames)
            sums = self._sum(movie, frames, trajectory)
            micrograph = self._write(movie, frames, sums, trajectory, folder)
        return self._report(movie, frames, micrograph, trajectory, places)

    def _measure(self, movie: Movie, frames: MovieFrames) -> tuple[Trajectory, Places]:
        """Return the motion in pixels of the frames, and the places of the patches that it was found in."""
        if frames.count == 1:
            return still(1), ()
        acquisition = movie.acquisition
        pixel_size = acquisition.pixel_size
        factor = reduction(pixel_size, self.resolution)
        reduced = reduce_frames(frames, frames.gain, factor, self.device)
        exposure = Exposure(
            pixel_size=pixel_size * factor,
            resolution=self.resolution,
            dose_per_frame=acquisition.dose_per_frame,
            voltage=acquisition.voltage,
        )
        measured = measure_motion(reduced, exposure, self.patches)
        trajectory = measured.trajectory.scaled(factor)
        check_steps(movie, (trajectory.globally * pixel_size).tolist(), self.largest_step)
        if trajectory.largest_local() * pixel_size > self.largest_local:
            trajectory = trajectory.without_local()
        return trajectory, measured.places

    def _sum(self, movie: Movie, frames: MovieFrames, trajectory: Trajectory) -> Sums:
        """Sum the frames along their motion."""
        tiling = choose_tiling(frames.shape, trajectory.steepest() / (0.1 * min(frames.shape)))
        weights = self._weights(movie, frames.count, tiling.size)
        gain = to_device(frames.gain, self.device)
        total, first = None, 0
        for chunk in frames.chunks():
            part = sum_frames(chunk, gain, trajectory, weights, tiling, first=first)
            total = part if total is None else total + part
            first += len(chunk)
        if total is None:
            raise ResultError(f"{movie.path.name}: no frame was summed")
        return total

    def _is_weighted(self, movie: Movie, frames: int) -> bool:
        return self.dose_weighting and movie.acquisition.dose_per_frame > 0 and frames > 1

    def _weights(self, movie: Movie, frames: int, size: int) -> Image | None:
        """Return the weights of frequencies for tiles of a size; none if there is nothing to weight."""
        acquisition = movie.acquisition
        if not self._is_weighted(movie, frames):
            return None
        doses = accumulated_doses(frames, acquisition.dose_per_frame, movie.pre_exposure)
        return dose_weights(doses, (size, size), acquisition.pixel_size, acquisition.voltage)

    def _write(self, movie: Movie, frames: MovieFrames, sums: Sums, trajectory: Trajectory, folder: Path) -> Micrograph:
        """Write the sums and the spectrum, and say where they are."""
        shape = self._binned(frames.shape)
        pixel_size = movie.acquisition.pixel_size * frames.shape[1] / shape[1]
        odd, even = self._bin(sums.odd, shape), self._bin(sums.even, shape)
        is_weighted = self._is_weighted(movie, frames.count)

        def write(suffix: str, image: Image) -> Path:
            path = folder / f"{movie.path.stem}{suffix}.mrc"
            write_mrc(path, image, pixel_size)
            return path

        return Micrograph(
            path=write("", odd + even),
            pixel_size=pixel_size,
            unweighted=write("_noDW", self._bin(sums.unweighted, shape)) if self.unweighted and is_weighted else None,
            even=write("_EVN", even) if self.halves and frames.count > 1 else None,
            odd=write("_ODD", odd) if self.halves and frames.count > 1 else None,
            power_spectrum=write("_PS", self._spectrum(movie, frames, trajectory)) if self.power_spectrum else None,
            weighted=is_weighted,
        )

    def _spectrum(self, movie: Movie, frames: MovieFrames, trajectory: Trajectory) -> Image:
        length = group_length(movie.acquisition.dose_per_frame, frames.count)
        gain = to_device(frames.gain, self.device)
        return group_spectrum(frames, gain, trajectory.globally, length, self.binning)

    def _binned(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Return the rows and columns of the micrograph."""
        if self.binning == 1:
            return shape
        rows, columns = (max(2, 2 * round(length / self.binning / 2)) for length in shape)
        return rows, columns

    def _bin(self, image: Image, shape: tuple[int, int]) -> Image:
        return image if image.shape == shape else to_host(bin_image(to_device(image, self.device), shape))

    def _report(
        self, movie: Movie, frames: MovieFrames, micrograph: Micrograph, trajectory: Trajectory, places: Places
    ) -> Motion:
        """Write RELION's star file and say what was found."""
        pixel_size = movie.acquisition.pixel_size
        path = micrograph.path.with_suffix(".star")
        write_motion(path, movie, motion_table(frames, trajectory, places, self.binning))
        displacements = tuple((float(x), float(y)) for x, y in trajectory.globally * pixel_size)
        early, late = path_lengths(displacements, movie.acquisition.dose_per_frame)
        return Motion(
            micrograph=micrograph,
            displacements=displacements,
            local_coefficients=relion_coefficients(trajectory),
            early=early,
            late=late,
            hot_pixels=len(frames.repair),
            metadata=path,
            program=f"cryoem-flows {version('cryoem-flows')}",
        )
