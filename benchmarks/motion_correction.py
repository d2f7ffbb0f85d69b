"""Measure the built-in motion correction on simulated movies, side by side with relion_run_motioncorr --use_own.

Prints for each movie the residual of the motion against the truth, CPU seconds, peak memory and their ratio. The
residual is the root mean square, over frames and a grid of places in the field of view, of the length of the error in
pixels; what all frames have in common at a place is removed, for it does not blur. It is that of the motion which the
program's own sums follow: the built-in tool's is free in time, and the shifts of the patches in its star file give it
exactly. Also given: the residual of the model in the star file, that of the global motion alone, and the least that a
model of RELION's form could leave. Both programs run as processes of one thread, with the same outputs and patches of
their own choice; starting Python and importing Prefect is not counted.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.formats.star import read_star, read_table
from tasks.motion_correction import EmbeddedMotion
from tasks.motion_correction.polynomial import basis, evaluate, spatial_terms
from tasks.simulation import SimulatedMovies
from tasks.simulation.truth import MicrographTruth, MoviesTruth

PLACES = (np.arange(9) + 0.5) / 9 - 0.5
U, V = np.meshgrid(PLACES, PLACES)
# Side, pixel size in angstrom, frames, dose per frame, particles.
SIZES = {1024: (1.5, 20, 2.0, 60), 2048: (1.1, 30, 1.4, 150), 4096: (0.85, 40, 1.0, 400)}


@dataclass(frozen=True)
class Run:
    """What a program found, and what that cost."""

    star: Path
    seconds: float
    megabytes: float


def main() -> None:
    """Compare both programs on movies of the sizes and seeds that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=[1024])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--patches", type=int, default=5, help="RELION's patches in x and in y")
    arguments = parser.parse_args()
    print("size seed program   residual   model  global  CPU s  peak MB")
    for size in arguments.sizes:
        for seed in arguments.seeds:
            with tempfile.TemporaryDirectory() as folder:
                compare(simulate(size, seed, Path(folder)), f"{size} {seed:4}", arguments.patches, Path(folder))


def simulate(size: int, seed: int, folder: Path) -> MicrographTruth:
    """Write one movie, in a process of its own so that its memory is not counted."""
    pixel_size, frames, dose, particles = SIZES[size]
    parameters = SimulatedMovies(
        seed=seed,
        shape=(size, size),
        pixel_size=pixel_size,
        frames=frames,
        dose_per_frame=dose,
        particles=particles,
    )
    process = os.fork()
    if process == 0:
        parameters.simulate(folder)
        os._exit(0)
    os.waitpid(process, 0)
    return MoviesTruth.read(folder / "truth.json").movies[0]


def compare(truth: MicrographTruth, label: str, patches: int, folder: Path) -> None:
    """Run both programs on a movie and print what they found."""
    runs = {"embedded": run_embedded(truth, folder)}
    if shutil.which("relion_run_motioncorr"):
        runs["relion"] = run_relion(truth, patches, folder)
    for name, run in runs.items():
        model, globally = residuals(truth, run.star)
        whole = followed(truth, run.star) if name == "embedded" else model
        print(
            f"{label} {name:8} {whole:9.3f} {model:7.3f} {globally:7.3f} {run.seconds:6.1f} {run.megabytes:8.0f}",
            flush=True,
        )
    if "relion" in runs:
        ours, theirs = runs["embedded"], runs["relion"]
        print(f"{label} ratio: CPU {ours.seconds / theirs.seconds:.2f}, memory {ours.megabytes / theirs.megabytes:.2f}")
    print(f"{label} least residual of a model of this form: {floor(truth):.3f}", flush=True)


def run_embedded(truth: MicrographTruth, folder: Path) -> Run:
    """Run the built-in tool in a child process."""
    movie = truth.movie
    process = os.fork()
    if process == 0:
        EmbeddedMotion().correct(movie, folder / "embedded")
        os._exit(0)
    usage = os.wait4(process, 0)[2]
    star = folder / "embedded" / f"{movie.path.stem}.star"
    return Run(star, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run_relion(truth: MicrographTruth, patches: int, folder: Path) -> Run:
    """Run RELION in a project folder of its own."""
    movie, project = truth.movie, folder / "relion"
    acquisition = movie.acquisition
    for name in ("Movies", "Import/job001", "MotionCorr/job002"):
        (project / name).mkdir(parents=True)
    (project / "Movies" / movie.path.name).symlink_to(movie.path)
    (project / "Movies/gain.mrc").symlink_to(acquisition.gain.path)
    words = "relion_import --do_movies --optics_group_name optics --kV 300 --Cs 2.7 --Q0 0.1 --odir Import/job001/"
    words += f" --ofile movies.star --i Movies/{movie.path.name} --angpix {acquisition.pixel_size}"
    subprocess.run(words.split(), cwd=project, check=True, capture_output=True)
    words = "relion_run_motioncorr --i Import/job001/movies.star --o MotionCorr/job002/ --use_own --j 1"
    words += f" --first_frame_sum 1 --last_frame_sum -1 --bin_factor 1 --bfactor 150 --patch_x {patches}"
    words += f" --patch_y {patches} --gainref Movies/gain.mrc --dose_weighting --save_noDW"
    words += f" --dose_per_frame {acquisition.dose_per_frame} --grouping_for_ps {round(4 / acquisition.dose_per_frame)}"
    with (project / "log").open("wb") as log:
        process = subprocess.Popen(words.split(), cwd=project, stdout=log, stderr=log)
        usage = os.wait4(process.pid, 0)[2]
    star = project / "MotionCorr/job002/Movies" / f"{movie.path.stem}.star"
    return Run(star, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def true_field(truth: MicrographTruth) -> npt.NDArray[np.float64]:
    """Return the displacements in pixels, (frames, rows, columns, 2)."""
    field = np.array(truth.displacements)[:, None, None, :] + np.zeros((*U.shape, 2))
    if truth.local:
        for frame in range(len(field)):
            field[frame] += np.stack(truth.local.displacement(frame, U, V), axis=-1)
    return field / truth.movie.acquisition.pixel_size


def residuals(truth: MicrographTruth, star: Path) -> tuple[float, float]:
    """Return the residual of the model in a star file, and of the global motion alone."""
    blocks = read_star(star)
    found = global_motion(star)
    if "local_motion_model" in blocks:
        coefficients = read_table(star, "local_motion_model")["rlnMotionModelCoeff"].to_numpy(float)
        found = found - evaluate(coefficients.reshape(2, 18), U, V, len(found))
    error = found - true_field(truth)
    return spread(error), spread(error.mean(axis=(1, 2), keepdims=True))


def global_motion(star: Path) -> npt.NDArray[np.float64]:
    """Return the global displacements, (frames, 1, 1, 2)."""
    shifts = read_table(star, "global_shift")
    return -shifts[["rlnMicrographShiftX", "rlnMicrographShiftY"]].to_numpy(float)[:, None, None, :]


def followed(truth: MicrographTruth, star: Path) -> float:
    """Return the residual of the motion whose local part is the quadratic through the shifts of a frame's patches."""
    blocks, found = read_star(star), global_motion(star)
    if "local_shift" in blocks:
        table = read_table(star, "local_shift")
        sides = [float(blocks["general"][f"rlnImageSize{axis}"]) for axis in "XY"]
        places = table[["rlnCoordinateX", "rlnCoordinateY"]].to_numpy(float) / sides - 0.5
        shifts = table[["rlnMicrographShiftX", "rlnMicrographShiftY"]].to_numpy(float)
        local = shifts.reshape(-1, 2 * len(found))
        terms = np.linalg.lstsq(spatial_terms(*places[:: len(found)].T), local, rcond=None)[0]
        found = found - np.moveaxis((spatial_terms(U, V) @ terms).reshape(*U.shape, len(found), 2), 2, 0)
    return spread(found - true_field(truth))


def spread(error: npt.NDArray[np.float64]) -> float:
    """Return the root mean square length of errors without their mean over the frames."""
    return float(np.sqrt(((error - error.mean(axis=0)) ** 2).sum(axis=-1).mean()))


def floor(truth: MicrographTruth) -> float:
    """Return the residual of the model of third order in time that fits the true local motion best."""
    field = true_field(truth)
    frames = len(field)
    terms = basis(U, V, frames)
    terms, local = terms - terms.mean(axis=0), field - field.mean(axis=(1, 2), keepdims=True)
    local -= local.mean(axis=0)
    terms = terms.reshape(-1, terms.shape[-1])
    terms /= np.linalg.norm(terms, axis=0)
    left = local.reshape(-1, 2) - terms @ np.linalg.lstsq(terms, local.reshape(-1, 2), rcond=None)[0]
    return float(np.sqrt((left**2).sum(axis=-1).mean()))


if __name__ == "__main__":
    main()
