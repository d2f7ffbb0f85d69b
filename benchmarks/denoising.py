"""Measure denoising on simulated cells: contrast of features and agreement with the truth, before and after.

``python benchmarks/denoising.py --seeds 201 202``. The halves are sums of every second frame of two, or of every second
tilt. Features are the densest fifth of the voxels that hold anything; the contrast-to-noise ratio is the difference of
their mean from that of the emptier half of the volume, over the standard deviation in the latter.
"""

import argparse
import resource
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.denoising import EmbeddedDenoising
from tasks.formats.mrc import read_volume, write_mrc
from tasks.models import Alignment, ImagedTiltSeries, Micrograph, Tilt, TiltImage, Tomogram
from tasks.numerics.shells import central_correlation
from tasks.simulation import SimulatedTiltSeries
from tasks.simulation.camera import Camera
from tasks.simulation.scene import Scene
from tasks.tomogram_reconstruction import EmbeddedReconstruction

Volume = npt.NDArray[np.float32]
SHOWN = (2, 4, 8, 12, 16, 24, 32, 48, 60)


def main() -> None:
    """Print the figures of each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[201, 202])
    parser.add_argument("--size", type=int, default=384, help="of the images in pixels of 5 angstrom")
    parser.add_argument("--dose", type=float, default=3.0, help="of a tilt in electron per square angstrom")
    arguments = parser.parse_args()
    for seed in arguments.seeds:
        with tempfile.TemporaryDirectory() as folder:
            shape = (arguments.size, arguments.size)
            parameters = SimulatedTiltSeries(seed=seed, shape=shape, pixel_size=5.0, dose=arguments.dose)
            measure(parameters, Path(folder))


def measure(parameters: SimulatedTiltSeries, folder: Path) -> None:
    """Denoise by the halves of frames, by the halves of tilts, and without halves."""
    scene = Scene.build(parameters)
    truth = scene.volume()
    by_frames = reconstruct(scene, folder, "frames", truth.shape[0], of_frames=True)
    by_tilts = reconstruct(scene, folder, "tilts", truth.shape[0], of_frames=False)
    report(f"seed {parameters.seed}, not denoised", read_volume(by_frames.path), truth)
    for name, tomogram, tool in (
        ("by halves of frames", by_frames, EmbeddedDenoising()),
        ("by halves of tilts", by_tilts, EmbeddedDenoising()),
        ("without halves", by_frames, EmbeddedDenoising(use_halves=False)),
    ):
        begin = seconds()
        found = tool.denoise(tomogram, folder / "denoised")
        report(f"seed {parameters.seed}, {name} ({seconds() - begin:.0f} CPU s)", read_volume(found.path), truth)
    print(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def reconstruct(scene: Scene, folder: Path, name: str, depth: int, *, of_frames: bool) -> Tomogram:
    """Simulate images of two frames and reconstruct them by the true alignment."""
    images = []
    for tilt in scene.truth.tilts:
        random = np.random.default_rng([scene.parameters.seed, tilt.number])
        odd, even = (frame.astype(np.float32) for frame in scene.expose(tilt, 2).counts(Camera(None, (), ()), random))
        paths = [folder / f"{tilt.name}_{part}.mrc" for part in ("whole", "even", "odd")]
        for path, image in zip(paths, (even + odd, even, odd), strict=True):
            write_mrc(path, image, scene.parameters.pixel_size)
        halves = {"even": paths[1], "odd": paths[2]} if of_frames else {}
        micrograph = Micrograph(path=paths[0], pixel_size=scene.parameters.pixel_size, **halves)
        exposure = Tilt(
            name=tilt.name,
            angle=tilt.nominal_angle,
            number=tilt.number,
            pre_exposure=tilt.pre_exposure,
            source=micrograph,
        )
        images.append(TiltImage(tilt=exposure, micrograph=micrograph))
    axis = scene.truth.tilt_axis_angle
    series = ImagedTiltSeries(name=name, images=tuple(images), tilt_axis_angle=axis)
    places = tuple(tilt.alignment for tilt in scene.truth.tilts)
    alignment = Alignment(tilts=places, tilt_axis_angle=axis, score=1, transforms=folder / "none.xf", program="truth")
    tool = EmbeddedReconstruction(binning=2, thickness=depth * scene.truth.voxel_size)
    return tool.reconstruct(series, alignment, folder / name)


def report(name: str, found: Volume, truth: Volume) -> None:
    """Print contrast, correlation and Fourier shell correlation with the truth."""
    full = truth[truth < 0.05 * truth.min()]
    features, empty = truth <= np.percentile(full, 20), truth >= np.median(truth)
    contrast = (found[empty].mean() - found[features].mean()) / found[empty].std()
    curve = central_correlation(found, truth)
    shells = " ".join(f"{curve[shell]:.2f}" for shell in SHOWN)
    correlation = np.corrcoef(found.ravel(), truth.ravel())[0, 1]
    print(
        f"{name}: contrast to noise {contrast:.2f}, correlation {correlation:.3f}, "
        f"mean FSC {curve[1:].mean():.3f} (at {SHOWN} of {len(curve) - 1}: {shells})",
        flush=True,
    )


def seconds() -> float:
    """Return the CPU time of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
