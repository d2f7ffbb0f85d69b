"""Measure extraction beside relion_preprocess: do the images agree, and how many CPU seconds does it take.

``python benchmarks/particle_extraction.py --seeds 9501 9502``, or ``--real FOLDER`` with the folder of
particle_picking.py. Boxes are those that lie within the micrographs, at the true centres. Of the highest
frequency that is left after binning, RELION keeps the other one of two coefficients: binned images are compared without
it too.
"""

import argparse
import resource
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from particle_picking import Marked, marked, simulated

from tasks.formats.coordinates import write_coordinates
from tasks.formats.mrc import read_volume
from tasks.formats.star import write_star
from tasks.models import Ctf, Optics, Particles, Picks
from tasks.particle_extraction import EmbeddedExtraction, join_particles
from tasks.particle_extraction.particle_star import optics_table

Images = npt.NDArray[np.float32]
BOX, BINNED, MANY = 144, 72, 500


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="seeds of simulated micrographs")
    parser.add_argument("--real", type=Path, help="folder of marked micrographs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = [simulated("440 kDa", seed, folder, 0.25) for seed in arguments.seeds]
        if arguments.real:
            settings = argparse.Namespace(real=arguments.real, part="all", pixel_size=1.5, diameter=125.0, within=0.25)
            images += list(marked(settings, folder))
        picks = [picked(image, folder) for image in images]
        for side in (BOX, BINNED):
            compare(picks, side, folder)


def picked(image: Marked, folder: Path) -> Picks:
    """Return the particles whose boxes lie within the micrograph, at whole pixels: RELION cuts off fractions."""
    side = read_volume(image.micrograph.path).shape[-2:]
    places = np.rint(image.places)
    places = places[((places >= BOX // 2) & (places <= np.array(side[::-1]) - BOX // 2)).all(axis=1)]
    coordinates = folder / "picks" / f"{image.micrograph.path.stem}_autopick.star"
    write_coordinates(coordinates, places, np.arange(len(places), 0, -1.0))
    return Picks(
        micrograph=image.micrograph,
        coordinates=coordinates,
        count=len(places),
        diameter=image.diameter,
        threshold=0,
        program="truth",
    )


def compare(picks: list[Picks], side: int, folder: Path) -> None:
    """Extract with both programs, and print how the images agree."""
    tool = EmbeddedExtraction(box_size=BOX, binned_size=side)
    ctf = Ctf(
        defocus_u=15_000,
        defocus_v=15_000,
        defocus_angle=0,
        resolution=4,
        figure_of_merit=0.3,
        ice_ring=0,
        diagnostic=folder,
        profile=folder,
        program="none",
    )
    begin = seconds(resource.RUSAGE_SELF)
    parts = [tool.extract(item, ctf, Optics(), folder / "ours") for item in picks]
    ours, before = seconds(resource.RUSAGE_SELF) - begin, seconds(resource.RUSAGE_CHILDREN)
    relion(picks, side, folder)
    theirs = seconds(resource.RUSAGE_CHILDREN) - before
    agreements = [agreement(part, folder) for part in parts]
    lowest = np.min([pair for pairs in agreements for pair in pairs], axis=0)
    begin = seconds(resource.RUSAGE_SELF)
    joint = join_particles(parts * MANY, folder / "joint.star")
    print(
        f"{sum(part.count for part in parts)} images of {BOX} to {side} pixels: lowest correlation {lowest[0]:.6f}, "
        f"without the highest frequency {lowest[1]:.6f}; CPU s, ours {ours:.2f}, RELION {theirs:.2f}; joining "
        f"{len(parts) * MANY} micrographs, {joint.count} particles: {seconds(resource.RUSAGE_SELF) - begin:.2f} CPU s",
        flush=True,
    )


def relion(picks: list[Picks], side: int, folder: Path) -> None:
    """Run relion_preprocess."""
    (folder / "theirs").mkdir(exist_ok=True)
    optics = optics_table(Optics(), picks[0].micrograph.pixel_size, picks[0].micrograph.pixel_size, BOX)
    optics = optics.rename(columns={"rlnImagePixelSize": "rlnMicrographPixelSize"}).drop(columns=["rlnImageSize"])
    names = [item.micrograph.path.name for item in picks]
    micrographs = {"rlnMicrographName": names, "rlnOpticsGroup": 1, "rlnDefocusU": 15_000.0, "rlnDefocusV": 15_000.0}
    write_star(folder / "micrographs.star", {"optics": optics, "micrographs": type(optics)(micrographs)})
    words = ["relion_preprocess", "--i", "micrographs.star", "--coord_dir", "picks/", "--coord_suffix"]
    words += ["_autopick.star", "--part_star", "theirs/particles.star", "--part_dir", "theirs/", "--extract"]
    words += ["--extract_size", str(BOX), "--norm", "--bg_radius", str(0.375 * side), "--white_dust", "-1"]
    words += ["--black_dust", "-1", "--invert_contrast", *(["--scale", str(side)] if side != BOX else [])]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)


def agreement(part: Particles, folder: Path) -> list[tuple[float, float]]:
    """Return the correlation of each image of both programs: as they are, and without the highest frequency."""
    if part.stack is None:
        return []
    pairs = [read_volume(part.stack), read_volume(folder / "theirs" / part.stack.name)]
    return [
        (float(np.corrcoef(one.ravel(), two.ravel())[0, 1]), float(np.corrcoef(*map(without_edge, (one, two)))[0, 1]))
        for one, two in zip(*pairs, strict=True)
    ]


def without_edge(image: Images) -> npt.NDArray[np.float64]:
    """Return an image without its highest frequency along x and y."""
    transform, half = np.fft.rfft2(image), len(image) // 2
    transform[half], transform[:, half] = 0, 0
    return np.asarray(np.fft.irfft2(transform, image.shape).ravel())


def seconds(whose: int) -> float:
    """Return CPU time."""
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
