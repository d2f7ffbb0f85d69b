"""Measure reconstruction: its truth on simulated cells, its time and memory beside torch-reconstruct-tomogram.

``python benchmarks/tomogram_reconstruction.py --seeds 101 102 --peer /path/to/python`` where that Python has
torch-reconstruct-tomogram and mrcfile installed. Each tool runs in a process of its own, on one core; the images are
binned beforehand for the peer, which is not charged for it. Seconds are CPU time of the whole process.
"""

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.formats.mrc import read_image, read_volume, writing
from tasks.models import Alignment, Ctf, ImagedTiltSeries, Micrograph, Tilt, TiltAlignment, TiltImage
from tasks.numerics.fourier import bin_image
from tasks.numerics.shells import central_correlation
from tasks.simulation import SimulatedTiltSeries, TiltTruth, simulate_tilt_images, true_volume
from tasks.tomogram_reconstruction import EmbeddedReconstruction

Volume = npt.NDArray[np.float32]
VOXEL = 10.0
VIEWED = 512
PEER = Path(__file__).with_name("torch_reconstruction.py")
CHOICES: dict[str, dict[str, Any]] = {
    "default (exact weights, CTF phases flipped, dose-weighted)": {},
    "not dose-weighted": {"dose_weighting": False},
    "not dose-weighted, CTF by Wiener": {"dose_weighting": False, "ctf_correction": "wiener"},
    "not dose-weighted, CTF as it is": {"dose_weighting": False, "ctf_correction": "none"},
    "ramp, not dose-weighted, CTF as it is": {"dose_weighting": False, "ctf_correction": "none", "weighting": "ramp"},
    "as 20 iterations of SIRT": {"sirt_iterations": 20},
}


@dataclass(frozen=True)
class Cost:
    """What a process used."""

    seconds: float
    """CPU time of the process."""
    gigabytes: float
    """Largest resident memory."""

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.seconds:6.1f} CPU s, {self.gigabytes:.2f} GB"


def main() -> None:
    """Print the accuracy on each seed and the cost at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[101, 102])
    parser.add_argument("--sizes", type=int, nargs="*", default=[1024, 2048, 4096])
    parser.add_argument("--peer", type=Path, help="a Python that has torch-reconstruct-tomogram")
    parser.add_argument("--work", type=Path, help="used by this program for the processes it starts")
    arguments = parser.parse_args()
    if arguments.work:
        reconstruct(arguments.work)
        return
    for measure, values in ((measure_truth, arguments.seeds), (measure_cost, arguments.sizes)):
        for value in values:
            with tempfile.TemporaryDirectory() as folder:
                measure(value, Path(folder), arguments.peer)


def measure_truth(seed: int, folder: Path, peer: Path | None) -> None:
    """Compare reconstructions of a simulated cell with the truth."""
    parameters = SimulatedTiltSeries(seed=seed, shape=(384, 384), pixel_size=VOXEL / 2, beads=8)
    images, truth = simulate_tilt_images(parameters)
    wanted = true_volume(parameters)
    places = [tilt.alignment for tilt in truth.tilts]
    save(folder, images, places, VOXEL / 2, truth.tilts)
    depth = wanted.shape[0] * VOXEL
    for name, options in CHOICES.items():
        cost = run_own(folder, {"binning": 2, "thickness": depth, "halves": False, **options})
        report(f"seed {seed}, {name}", read_volume(folder / "own" / "series.mrc"), wanted, truth.beads, cost)
    if peer:
        cost = run_peer(peer, folder, 2, wanted.shape)
        report(f"seed {seed}, torch-reconstruct-tomogram", read_volume(folder / "peer.mrc"), wanted, truth.beads, cost)


def report(name: str, found: Volume, wanted: Volume, beads: Sequence[tuple[float, ...]], cost: Cost) -> None:
    """Print how well a volume agrees with the truth, and how well its mirror image does."""
    right, mirrored = (np.corrcoef(volume.ravel(), wanted.ravel())[0, 1] for volume in (found, found[::-1]))
    curve = central_correlation(found, wanted)
    below = 2 * VOXEL * (len(curve) - 1) / max(int(np.argmax(curve[1:] < 0.5)), 1)
    print(
        f"{name}: correlation {right:.3f} (mirror image {mirrored:.3f}), mean FSC {curve[1:].mean():.3f}, "
        f"FSC 0.5 at {below:.0f} angstrom, beads off by {bead_error(found, beads):.3f} voxel; {cost}",
        flush=True,
    )


def measure_cost(size: int, folder: Path, peer: Path | None) -> None:
    """Print time and memory for images of beads, binned to 512 pixels, 41 tilts."""
    binning, pixel_size = size // VIEWED, VOXEL * VIEWED / size
    beads = np.random.default_rng(size).uniform((-1800, -1800, -500), (1800, 1800, 500), (20, 3)).tolist()
    places = [place(angle) for angle in range(-60, 61, 3)]
    save(folder, (picture(beads, tilt, size, pixel_size) for tilt in places), places, pixel_size)
    name, shape = f"41 images of {size} x {size} to 256 x 512 x 512 voxels", (256, VIEWED, VIEWED)
    own = run_own(folder, {"binning": binning, "halves": False})
    print(f"{name}: {own}, beads off by {bead_error(read_volume(folder / 'own' / 'series.mrc'), beads):.3f} voxel")
    if peer:
        other = run_peer(peer, folder, binning, shape)
        error = bead_error(read_volume(folder / "peer.mrc"), beads)
        ratios = f"{other.seconds / own.seconds:.1f} times the time, {other.gigabytes / own.gigabytes:.1f} the memory"
        print(f"{name}: torch-reconstruct-tomogram {other}, beads off by {error:.3f} voxel; {ratios}", flush=True)


def bead_error(volume: Volume, beads: Sequence[Sequence[float]], reach: int = 7) -> float:
    """Return the root mean square distance in voxels, per axis, of the centres of dark beads from the truth."""
    errors = []
    for bead in beads:
        true = np.array(bead[::-1]) / VOXEL + np.array(volume.shape) // 2
        first = np.rint(true).astype(int) - reach
        if (first < 0).any() or (first + 2 * reach + 1 > volume.shape).any() or crowded(bead, beads, reach):
            continue
        cube = -volume[tuple(slice(start, start + 2 * reach + 1) for start in first)]
        cube = np.clip(cube - 0.3 * cube.max(), 0, None)
        centre = [(np.indices(cube.shape)[axis] * cube).sum() / cube.sum() for axis in range(3)]
        errors.append(np.array(centre) + first - true)
    return float(np.sqrt(np.mean(np.square(errors)))) if errors else math.nan


def crowded(bead: Sequence[float], beads: Sequence[Sequence[float]], reach: int) -> bool:
    """Tell whether another bead is so near that both fall into one window."""
    return any(0 < math.dist(bead, other) < 4 * reach * VOXEL for other in beads)


def place(angle: float) -> TiltAlignment:
    """Place a tilt with a displacement of its own."""
    x, y = np.random.default_rng(round(angle) + 90).normal(scale=60, size=2)
    return TiltAlignment(name=f"tilt{angle}", angle=angle, axis_angle=84.2, displacement=(x, y))


def picture(beads: Sequence[Sequence[float]], tilt: TiltAlignment, size: int, pixel_size: float) -> Volume:
    """Draw dark Gaussian beads of 30 angstrom as they are seen, with noise."""
    random = np.random.default_rng([size, round(tilt.angle) + 90])
    image = random.normal(100, 0.3, (size, size)).astype(np.float32)
    angle, axis, sigma = math.radians(tilt.angle), math.radians(tilt.axis_angle), 30 / pixel_size
    for x, y, z in beads:
        across = x * math.cos(angle) + z * math.sin(angle)
        seen = (across * math.cos(axis) - y * math.sin(axis), across * math.sin(axis) + y * math.cos(axis))
        column, row = (
            v / pixel_size + d / pixel_size + size // 2 for v, d in zip(seen, tilt.displacement, strict=True)
        )
        squares = [np.square(np.arange(size, dtype=np.float32) - centre) for centre in (row, column)]
        image -= 3 * np.exp(-squares[0] / (2 * sigma**2))[:, None] * np.exp(-squares[1] / (2 * sigma**2))[None, :]
    return image


def save(
    folder: Path,
    images: Any,  # noqa: ANN401 - an array or an iterator of images
    places: Sequence[TiltAlignment],
    pixel_size: float,
    truths: Sequence[TiltTruth] | None = None,
) -> None:
    """Write the stack, and the series and alignment as JSON."""
    found = []
    stack = iter(images)
    first = next(stack)
    with writing(folder / "stack.mrc", first.shape, pixel_size, stack=True) as writer:
        writer.write(first)
        for image in stack:
            writer.write(image)
    for number, tilt in enumerate(places):
        micrograph = Micrograph(path=folder / "stack.mrc", pixel_size=pixel_size, section=number)
        dose = truths[number].pre_exposure if truths else 0.0
        exposure = Tilt(name=tilt.name, angle=tilt.angle, number=number + 1, pre_exposure=dose, source=micrograph)
        found.append(TiltImage(tilt=exposure, micrograph=micrograph, ctf=truths and true_ctf(truths[number])))
    series = ImagedTiltSeries(name="series", images=tuple(found), tilt_axis_angle=84.2)
    alignment = Alignment(
        tilts=tuple(places), tilt_axis_angle=84.2, score=1, transforms=folder / "series.xf", program="truth"
    )
    (folder / "series.json").write_text(series.model_dump_json())
    (folder / "alignment.json").write_text(alignment.model_dump_json())


def true_ctf(tilt: TiltTruth) -> Ctf:
    """Return the true CTF as if it had been estimated."""
    defocus = tilt.defocus
    nowhere = Path("none")
    return Ctf(
        defocus_u=defocus.u,
        defocus_v=defocus.v,
        defocus_angle=defocus.angle,
        phase_shift=defocus.phase_shift,
        resolution=10,
        figure_of_merit=1,
        ice_ring=0,
        diagnostic=nowhere,
        profile=nowhere,
        program="truth",
    )


def run_own(folder: Path, options: dict[str, Any]) -> Cost:
    """Run this project's tool in a process of its own."""
    work = folder / "work.json"
    work.write_text(json.dumps(options))
    return run([sys.executable, __file__, "--work", str(work)])


def reconstruct(work: Path) -> None:
    """Do the work of such a process."""
    folder = work.parent
    series = ImagedTiltSeries.model_validate_json((folder / "series.json").read_text())
    alignment = Alignment.model_validate_json((folder / "alignment.json").read_text())
    tool = EmbeddedReconstruction.model_validate_json(work.read_text())
    tool.reconstruct(series, alignment, folder / "own")


def run_peer(python: Path, folder: Path, binning: int, shape: Sequence[int]) -> Cost:
    """Run the peer on images that are binned already."""
    series = ImagedTiltSeries.model_validate_json((folder / "series.json").read_text())
    rows, columns = (length // binning for length in read_image(folder / "stack.mrc").shape)
    with writing(folder / "binned.mrc", (rows, columns), VOXEL, stack=True) as writer:
        for number in range(len(series.images)):
            image = read_image(folder / "stack.mrc", number)
            writer.write(bin_image(image, (rows, columns)) if binning > 1 else image)
    return run([str(python), str(PEER), str(folder), str(VOXEL), *map(str, shape)])


def run(command: list[str]) -> Cost:
    """Run a program on one core and return what it used."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    process = os.posix_spawnp(command[0], command, {**os.environ, **dict.fromkeys(names, "1")})
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{command[0]} failed with status {status}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6)


if __name__ == "__main__":
    main()
