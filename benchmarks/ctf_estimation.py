"""Measure the built-in estimation of the contrast transfer function on simulated micrographs.

Prints the errors against the truth, CPU seconds and peak memory for images of several sizes. With --peer, also those of
torch-ctf-estimation on the same images, side by side: it runs in an environment of its own whose python is given, for
example one made by ``pip install torch-ctf-estimation==0.6.0``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from tasks.formats.mrc import write_mrc
from tasks.simulation import Defocus, SimulatedMovies, simulate_micrograph

EMBEDDED = """
import json, resource, sys
from pathlib import Path
from tasks.ctf_estimation import EmbeddedCtf
from tasks.models import Micrograph, Optics
path, pixel_size = Path(sys.argv[1]), float(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF)
found = EmbeddedCtf().estimate(Micrograph(path=path, pixel_size=pixel_size), Optics(), path.parent)
after = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: it starts with the memory of the process that started this one.
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
print(json.dumps({"u": found.defocus_u, "v": found.defocus_v, "angle": found.defocus_angle,
    "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "kibibytes": peak}))
"""

PEER = """
import json, resource, sys
import torch
# A torch without CUDA lacks these operators, which torchvision asks for when it is imported.
library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import mrcfile, torch_ctf_estimation
from torch_ctf_estimation import CTFFittingParams, OpticalParams, estimate_ctf
image, pixel_size = torch.as_tensor(mrcfile.read(sys.argv[1]).squeeze().copy()), float(sys.argv[2])
optics = OpticalParams(pixel_spacing_angstroms=pixel_size, voltage_kev=300.0, spherical_aberration_mm=2.7,
    amplitude_contrast_fraction=0.1, target_pixel_spacing_angstroms=max(1.5, pixel_size))
fitting = CTFFittingParams(defocus_grid_resolution=(1, 1, 1), frequency_fit_range_angstroms=(30.0, 5.0),
    defocus_range_microns=(0.3, 5.0), patch_sidelength=512)
before = resource.getrusage(resource.RUSAGE_SELF)
found = estimate_ctf(image, optics, fitting)[2]
after = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: it starts with the memory of the process that started this one.
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
u, v = (1e4 * float(torch.as_tensor(value).mean()) for value in (found.defocus_u, found.defocus_v))
# It reports half of the astigmatism that it fitted.
middle, half = (u + v) / 2, u - v
angle = float(torch.as_tensor(found.astigmatism_angle).mean())
print(json.dumps({"u": middle + half, "v": middle - half, "angle": angle,
    "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "kibibytes": peak}))
"""


@dataclass(frozen=True)
class Score:
    """How one estimate was."""

    defocus_u: float
    """Error in angstrom."""
    defocus_v: float
    angle: float
    """Error in degree."""
    seconds: float
    """CPU seconds, without the start of the interpreter."""
    mebibytes: float
    """Peak memory of the process."""

    def __str__(self) -> str:
        errors = f"U {self.defocus_u:6.1f} A, V {self.defocus_v:6.1f} A, angle {self.angle:5.2f} deg"
        return f"{errors}, {self.seconds:6.2f} CPU s, {self.mebibytes:5.0f} MiB"


def score(python: Path, program: str, image: Path, pixel_size: float, truth: Defocus) -> Score:
    """Estimate in a process of its own and compare with the truth."""
    command = [python, "-c", program, image, str(pixel_size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return Score(
        abs(found["u"] - truth.u),
        abs(found["v"] - truth.v),
        abs((found["angle"] - truth.angle + 90) % 180 - 90),
        found["seconds"],
        found["kibibytes"] / 1024,
    )


def average(scores: list[Score]) -> Score:
    """Return the means."""
    return Score(*(mean(column) for column in zip(*(vars(item).values() for item in scores), strict=True)))


def compare(size: int, arguments: argparse.Namespace) -> None:
    """Print one line per image and program, and the means."""
    programs = {"embedded": (Path(sys.executable), EMBEDDED)}
    if arguments.peer:
        programs["torch-ctf-estimation"] = (arguments.peer, PEER)
    scores: dict[str, list[Score]] = {name: [] for name in programs}
    pixel_size = arguments.pixel_size
    for seed in arguments.seeds:
        crowd = round(60 * (size * pixel_size / 1536) ** 2)
        simulated = SimulatedMovies(seed=seed, shape=(size, size), pixel_size=pixel_size, particles=crowd)
        image, truth = simulate_micrograph(simulated)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "image.mrc"
            write_mrc(path, image, pixel_size)
            for name, (python, program) in programs.items():
                scores[name].append(score(python, program, path, pixel_size, truth.defocus))
                print(f"{size} px, seed {seed}, {name}: {scores[name][-1]}", flush=True)
    means = {name: average(found) for name, found in scores.items()}
    for name, found in means.items():
        print(f"{size} px, MEAN, {name}: {found}")
    if arguments.peer:
        ours, theirs = means.values()
        error = (theirs.defocus_u + theirs.defocus_v) / (ours.defocus_u + ours.defocus_v)
        print(f"{size} px, RATIO peer : embedded = error {error:.2f}, CPU {theirs.seconds / ours.seconds:.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int, nargs="+", help="seeds of the simulated micrographs")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 2048, 4096], help="pixels along a side")
    parser.add_argument("--pixel-size", type=float, default=1.0, help="angstrom")
    parser.add_argument("--peer", type=Path, help="python of an environment with torch-ctf-estimation and mrcfile")
    arguments = parser.parse_args()
    for size in arguments.sizes:
        compare(size, arguments)


if __name__ == "__main__":
    main()
