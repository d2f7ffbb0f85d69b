"""Measure the built-in alignment of tilt series on simulated ones.

Prints the error of the displacements that no movement of the specimen explains, of the coarse alignment beside the
final one, the error of the tilt axis, the thickness of the specimen, CPU seconds and peak memory. With --peer, also
those of torch-tiltxcorr on the same images, side by side: it runs in an environment of its own whose python is given,
for example one made by ``pip install torch==2.13.0 torch-tiltxcorr==0.6.0 mrcfile``. It is a coarse alignment, to be
compared with our coarse one too, and is given images binned to about 10 angstrom, as ours are. Seconds and memory are
those of a process that only aligns.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.formats.mrc import write_mrc
from tasks.models import ImagedTiltSeries, Micrograph, Tilt, TiltImage
from tasks.simulation import SimulatedTiltSeries, TiltSeriesTruth, simulate_tilt_images

# Not ru_maxrss: it starts with the memory of the process that started this one.
MEASURE = """
after = resource.getrusage(resource.RUSAGE_SELF)
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
answer |= {"seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "kibibytes": peak}
print(json.dumps(answer))
"""

EMBEDDED = (
    """
import json, resource, sys
from pathlib import Path
import numpy as np
from tasks.models import ImagedTiltSeries
from tasks.tilt_series_alignment import EmbeddedAlignment
from tasks.tilt_series_alignment.coarse import align_coarsely
from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.preparation import prepare
from tasks.tilt_series_alignment.tilt_stack import read_stack
folder = Path(sys.argv[1])
series = ImagedTiltSeries.model_validate_json((folder / "series.json").read_text())
stack = read_stack(series)
nominal = Geometry(stack.angles, series.tilt_axis_angle, np.zeros((len(stack.tilts), 2)))
prepared = prepare(stack.images, stack.scale, stack.centre, "cpu")
coarse = align_coarsely(prepared, nominal, 0.6 * prepared.size).displacements * stack.pixel_size
answer = {"coarse": dict(zip(stack.names, coarse.tolist()))}
del stack, prepared
before = resource.getrusage(resource.RUSAGE_SELF)
found = EmbeddedAlignment().align(series, folder)
answer |= {"final": {tilt.name: tilt.displacement for tilt in found.tilts}, "axis": found.tilt_axis_angle,
    "thickness": found.thickness}
"""
    + MEASURE
)

PEER = (
    """
import json, resource, sys
import mrcfile, torch
from torch_tiltxcorr import tiltxcorr
folder = sys.argv[1]
series = json.load(open(folder + "/series.json"))
pixel_size = series["images"][0]["micrograph"]["pixel_size"]
before = resource.getrusage(resource.RUSAGE_SELF)
images = torch.as_tensor(mrcfile.read(folder + "/stack.mrc").copy()).float()
size = round(images.shape[-1] * pixel_size / max(pixel_size, 10.0) / 2) * 2
binned = torch.nn.functional.interpolate(images[:, None], size=(size, size), mode="area")[:, 0]
binned = (binned - binned.mean(dim=(-2, -1), keepdim=True)) / binned.std(dim=(-2, -1), keepdim=True)
working = pixel_size * images.shape[-1] / size
angles = torch.tensor([image["tilt"]["angle"] for image in series["images"]])
shifts = tiltxcorr(binned, angles, series["tilt_axis_angle"], working, 50.0)
names = [image["tilt"]["name"] for image in series["images"]]
# y before x, and minus the displacement.
answer = {"final": {name: [-float(x) * working, -float(y) * working] for name, (y, x) in zip(names, shifts)},
    "axis": series["tilt_axis_angle"]}
"""
    + MEASURE
)


@dataclass(frozen=True)
class Case:
    """One simulated series."""

    seed: int
    beads: int
    size: int
    step: float
    largest: float
    field: float
    thickness: float

    def parameters(self) -> SimulatedTiltSeries:
        """Return what to simulate."""
        pixel_size = self.field / self.size
        return SimulatedTiltSeries(
            seed=self.seed,
            beads=self.beads,
            shape=(self.size, self.size),
            pixel_size=pixel_size,
            tilt_step=self.step,
            largest_tilt=self.largest,
            thickness=self.thickness,
        )


def main() -> None:
    """Align the cases and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[101])
    parser.add_argument("--sizes", type=int, nargs="+", default=[512], help="pixels of an image along x and y")
    parser.add_argument("--field", type=float, default=2560.0, help="side of the field of view in angstrom")
    parser.add_argument("--step", type=float, default=3.0, help="degrees between tilts")
    parser.add_argument("--largest", type=float, default=60.0, help="largest tilt in degree, on both sides")
    parser.add_argument("--thickness", type=float, default=1500.0, help="of the specimen in angstrom")
    parser.add_argument("--beads", type=int, nargs="+", default=[0, 10])
    parser.add_argument("--peer", help="python of an environment with torch-tiltxcorr")
    options = parser.parse_args()
    for size in options.sizes:
        for beads in options.beads:
            for seed in options.seeds:
                measure(
                    Case(seed, beads, size, options.step, options.largest, options.field, options.thickness),
                    options.peer,
                )


def measure(case: Case, peer: str | None) -> None:
    """Simulate and align one series and print the figures."""
    parameters = case.parameters()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth = write(parameters, folder)
        ours = ask(sys.executable, EMBEDDED, folder)
        theirs = ask(peer, PEER, folder) if peer else None
    unit = 5.0  # angstrom: errors of all sizes are quoted in pixels of this size
    print(
        f"{case.size}^2 x {len(truth.tilts)} tilts, {case.beads} beads, seed {case.seed}:"
        f" coarse {error(ours['coarse'], truth) / unit:.2f}, final {error(ours['final'], truth) / unit:.2f} pixels of"
        f" 5 A ({len(truth.tilts) - len(ours['final'])} left out); axis {ours['axis'] - truth.tilt_axis_angle:+.2f}"
        f" degree; thickness {ours['thickness'] or math.nan:.0f} of {case.thickness:.0f} A;"
        f" {ours['seconds']:.1f} CPU s; {ours['kibibytes'] / 1024:.0f} MiB"
    )
    if theirs:
        off = error(theirs["final"], truth)
        print(
            f"  torch-tiltxcorr: {off / unit:.2f} pixels; {theirs['seconds']:.1f} CPU s;"
            f" {theirs['kibibytes'] / 1024:.0f} MiB; its error is {off / error(ours['final'], truth):.1f} times ours,"
            f" its CPU time {theirs['seconds'] / ours['seconds']:.2f} times"
        )


def write(parameters: SimulatedTiltSeries, folder: Path) -> TiltSeriesTruth:
    """Write the stack and the series and return the truth."""
    images, truth = simulate_tilt_images(parameters)
    path = folder / "stack.mrc"
    write_mrc(path, images, parameters.pixel_size, stack=True)
    sections = [
        Micrograph(path=path, pixel_size=parameters.pixel_size, section=number) for number in range(len(images))
    ]
    tilts = [
        Tilt(name=tilt.name, angle=tilt.nominal_angle, number=tilt.number, source=section)
        for tilt, section in zip(truth.tilts, sections, strict=True)
    ]
    series = ImagedTiltSeries(
        name=parameters.name,
        images=tuple(TiltImage(tilt=tilt, micrograph=section) for tilt, section in zip(tilts, sections, strict=True)),
        tilt_axis_angle=truth.nominal_axis_angle,
    )
    (folder / "series.json").write_text(series.model_dump_json())
    return truth


def ask(python: str, program: str, folder: Path) -> dict[str, object]:
    """Run a program in a process of its own and return what it answers."""
    done = subprocess.run([python, "-c", program, str(folder)], check=True, capture_output=True, text=True)
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def error(found: dict[str, list[float]], truth: TiltSeriesTruth) -> float:
    """Return the rms error in angstrom of the displacements that no movement of the specimen explains."""
    tilts = [tilt.alignment for tilt in truth.tilts if tilt.name in found]
    off = np.array([np.subtract(found[tilt.name], tilt.displacement) for tilt in tilts])
    axis = math.radians(truth.tilt_axis_angle)
    turn = np.array([[math.cos(axis), -math.sin(axis)], [math.sin(axis), math.cos(axis)]])
    across, along = (off @ turn).T
    angles = np.radians([tilt.angle for tilt in tilts])
    moved = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    across = across - moved @ np.linalg.lstsq(moved, across, rcond=None)[0]
    return float(np.sqrt(np.mean(across**2 + (along - along.mean()) ** 2)))


if __name__ == "__main__":
    main()
