"""Measure picking beside relion_autopick --LoG: recall, precision and CPU seconds on the same images in the same run.

``python benchmarks/particle_picking.py --seeds 9501 9502 --real FOLDER``. The folder holds real micrographs whose
particles were marked by hand: average/NAME.png, and centres/NAME.csv with x and y in pixels from the top left, such as
those of apoferritin (EMPIAR-10146). A pick counts if a particle that no other pick has is within a part of the diameter
(--within). RELION is given the same range of diameters, and shown at its default threshold and at the best one of
several, which is chosen by the marks.
"""

import argparse
import csv
import resource
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.spatial import cKDTree

from tasks.formats.coordinates import read_coordinates
from tasks.formats.mrc import write_mrc
from tasks.models import Micrograph
from tasks.particle_picking import EmbeddedPicking, ParticlePicker, RelionLog
from tasks.simulation import SimulatedMovies, simulate_micrograph

Places = npt.NDArray[np.float64]
THRESHOLDS = (-1.0, -0.5, 0.5, 1.0, 1.5, 2.0)
KINDS = {
    "150 kDa": ({"kilodalton": 150, "particles": 200, "shape": (2048, 2048), "pixel_size": 1.0}, 105.0),
    "440 kDa": ({"kilodalton": 440, "particles": 150, "shape": (1536, 1536), "pixel_size": 1.5}, 150.0),
    "2500 kDa": ({"kilodalton": 2500, "particles": 60, "shape": (1536, 1536), "pixel_size": 1.5}, 265.0),
    "8 of 440 kDa": ({"kilodalton": 440, "particles": 8, "shape": (1536, 1536), "pixel_size": 1.5}, 150.0),
    "no particles": ({"particles": 0, "shape": (1536, 1536), "pixel_size": 1.5}, 150.0),
}


@dataclass(frozen=True)
class Marked:
    """A micrograph whose particles are known."""

    micrograph: Micrograph
    places: Places
    """(count, 2) x and y in pixels of the micrograph."""
    diameter: float
    """Angstrom."""
    within: float
    """How far from a particle a pick may be, in diameters."""


@dataclass(frozen=True)
class Score:
    """How many particles were found in some micrographs."""

    right: int = 0
    picked: int = 0
    there: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(one + two for one, two in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def balance(self) -> float:
        """Harmonic mean of recall and precision."""
        return 2 * self.right / max(self.picked + self.there, 1)

    def __str__(self) -> str:
        recall, precision = self.right / max(self.there, 1), self.right / max(self.picked, 1)
        return f"recall {recall:.3f}, precision {precision:.3f} ({self.picked} picks), {self.seconds:.2f} CPU s"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="seeds of simulated micrographs")
    parser.add_argument("--real", type=Path, help="folder of marked micrographs")
    parser.add_argument("--pixel-size", type=float, default=1.5, help="of the real micrographs in angstrom")
    parser.add_argument("--diameter", type=float, default=125.0, help="of the real particles in angstrom")
    parser.add_argument("--part", choices=["all", "odd", "even"], default="all", help="which of the real micrographs")
    parser.add_argument("--within", type=float, default=0.25, help="largest distance of a pick, in diameters")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.real:
            compare("real", list(marked(arguments, folder)), folder)
        for kind in KINDS if arguments.seeds else ():
            compare(kind, [simulated(kind, seed, folder, arguments.within) for seed in arguments.seeds], folder)


def marked(arguments: argparse.Namespace, folder: Path) -> Iterator[Marked]:
    """Yield the real micrographs, as MRC files, which are written once."""
    pictures = sorted((arguments.real / "average").glob("*.png"))
    chosen = {"all": pictures, "even": pictures[::2], "odd": pictures[1::2]}[arguments.part]
    for picture in chosen:
        image = np.asarray(Image.open(picture)).astype(np.float32)[::-1]
        path = folder / f"{picture.stem.replace('.', '_')}.mrc"
        if not path.exists():
            write_mrc(path, np.ascontiguousarray(image), arguments.pixel_size)
        with (arguments.real / "centres" / f"{picture.stem}.csv").open() as file:
            rows = [(float(x), len(image) - 1 - float(y)) for x, y in list(csv.reader(file))[1:]]
        micrograph = Micrograph(path=path, pixel_size=arguments.pixel_size)
        yield Marked(micrograph, np.array(rows), arguments.diameter, arguments.within)


def simulated(kind: str, seed: int, folder: Path, within: float) -> Marked:
    """Return a simulated micrograph."""
    fields, diameter = KINDS[kind]
    parameters = SimulatedMovies.model_validate({"seed": seed, **fields})
    image, truth = simulate_micrograph(parameters)
    path = folder / f"{kind.replace(' ', '_')}_{seed}.mrc"
    write_mrc(path, image, parameters.pixel_size)
    places = np.array([(particle.x, particle.y) for particle in truth.particles]).reshape(-1, 2)
    return Marked(Micrograph(path=path, pixel_size=parameters.pixel_size), places, diameter, within)


def compare(kind: str, images: list[Marked], folder: Path) -> None:
    """Print the scores of both pickers."""
    limits = (round(0.8 * images[0].diameter), round(1.2 * images[0].diameter))
    ours = total(EmbeddedPicking(diameter_range=limits), images, folder)
    print(f"{kind}, {len(images)} images, embedded: {ours}", flush=True)
    wide = total(EmbeddedPicking(diameter_range=(80, 300)), images, folder)
    print(f"{kind}, {len(images)} images, embedded, 80 to 300 angstrom: {wide}", flush=True)
    if shutil.which("relion_autopick"):
        peer = total(RelionLog(diameter_range=limits), images, folder)
        tried = [total(RelionLog(diameter_range=limits, threshold=value), images, folder) for value in THRESHOLDS]
        print(f"{kind}, {len(images)} images, RELION: {peer}")
        print(f"{kind}, {len(images)} images, RELION at its best: {max([peer, *tried], key=lambda it: it.balance)}")


def total(picker: ParticlePicker, images: list[Marked], folder: Path) -> Score:
    """Pick all images."""
    return sum((score(picker, image, folder / "picks") for image in images), Score())


def score(picker: ParticlePicker, image: Marked, folder: Path) -> Score:
    """Pick one image and compare with what is known; the time of RELION is that of its program only."""
    whose = resource.RUSAGE_CHILDREN if isinstance(picker, RelionLog) else resource.RUSAGE_SELF
    before = resource.getrusage(whose)
    found = picker.pick(image.micrograph, folder)
    after = resource.getrusage(whose)
    places, _ = read_coordinates(found.coordinates)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    right = matches(places, image.places, image.within * image.diameter / image.micrograph.pixel_size)
    return Score(right, len(places), len(image.places), seconds)


def matches(found: Places, true: Places, radius: float) -> int:
    """Count pairs of a pick and a particle, the nearest first, of which each is in one pair only."""
    if not len(found) or not len(true):
        return 0
    near = cKDTree(found).sparse_distance_matrix(cKDTree(true), radius, output_type="coo_matrix")
    free = np.ones(len(found), bool), np.ones(len(true), bool)
    count = 0
    for pair in np.argsort(near.data):
        one, two = int(near.row[pair]), int(near.col[pair])
        if free[0][one] and free[1][two]:
            free[0][one] = free[1][two] = False
            count += 1
    return count


if __name__ == "__main__":
    main()
