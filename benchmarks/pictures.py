"""Measure what the pictures for web pages cost: CPU seconds and bytes of each, of files as large as real ones.

``python benchmarks/pictures.py --folder RESULTS`` makes noise of these sizes and leaves the pictures there. With
--micrograph, --tomogram or --star, it pictures files of yours instead.
"""

import argparse
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.formats.mrc import write_mrc, writing
from tasks.formats.star import write_star
from tasks.images import picture_image, save_picture
from tasks.images.alignments import picture_alignment
from tasks.images.averages import picture_average
from tasks.images.films import write_film
from tasks.images.orientations import picture_orientations, read_views
from tasks.images.picks import picture_picks
from tasks.images.scatter import write_scatter
from tasks.images.volumes import film_through, picture_central, picture_projection
from tasks.models import Micrograph, TiltAlignment
from tasks.numerics.viewing import efficiency


def main() -> None:
    """Make the files, picture them and print what it costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where files and pictures go")
    parser.add_argument("--side", type=int, default=4096, help="of the micrograph, in pixels")
    parser.add_argument("--shape", type=int, nargs=3, default=(300, 1024, 1024), help="of the tomogram: z, y, x")
    parser.add_argument("--particles", type=int, default=50_000)
    parser.add_argument("--micrograph", type=Path)
    parser.add_argument("--tomogram", type=Path)
    parser.add_argument("--star", type=Path, help="particles with angles")
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    of_micrographs(arguments.micrograph or noisy_micrograph(folder, arguments.side), folder)
    of_averages(folder)
    of_tomograms(arguments.tomogram or noisy_tomogram(folder, *arguments.shape), folder)
    of_particles(arguments.star or random_views(folder, arguments.particles), folder)


def of_micrographs(path: Path, folder: Path) -> None:
    """Picture a micrograph and what was found in it."""
    image = Micrograph(path=path, pixel_size=0.85)
    places = np.random.default_rng(1).uniform(100, 900, (300, 2))
    drift = [(0.1 * number, 0.02 * number**1.5) for number in range(40)]
    cost("micrograph", folder / "micrograph.jpeg", lambda to: save_picture(to, picture_image(path, 1024, smoothing=1)))
    cost("its particles", folder / "picks.jpeg", lambda to: save_picture(to, picture_picks(image, places, 150)))
    cost("its drift", folder / "drift.json", lambda to: write_scatter(to, drift, "Drift", ("x", "y")))
    random = np.random.default_rng(2)
    tilts = [
        TiltAlignment(name=str(angle), angle=angle, axis_angle=85 + random.normal(0, 0.3), displacement=(x, y))
        for angle, (x, y) in zip(range(-60, 61, 3), random.normal(0, 150, (41, 2)).tolist(), strict=True)
    ]
    cost("alignment", folder / "alignment.jpeg", lambda to: save_picture(to, picture_alignment(image, tilts, "0")))
    cost("a film of one tilt", folder / "tilts.png", lambda to: write_film(to, [picture_image(path, 512)]))


def of_tomograms(path: Path, folder: Path) -> None:
    """Picture a tomogram."""
    cost("central slice", folder / "thumbnail.jpeg", lambda to: save_picture(to, picture_central(path)))
    cost("from above", folder / "projXY.jpeg", lambda to: save_picture(to, picture_projection(path, "XY")))
    cost("from the side", folder / "projXZ.jpeg", lambda to: save_picture(to, picture_projection(path, "XZ")))
    cost("film", folder / "movie.png", lambda to: write_film(to, film_through(path)))


def of_particles(star: Path, folder: Path) -> None:
    """Picture from where particles are seen."""
    before = seconds()
    views = read_views(star)
    print(f"{'angles of ' + str(len(views.rot)):24} {1000 * (seconds() - before):8.0f} ms")
    cost("their map", folder / "angdist.jpeg", lambda to: save_picture(to, picture_orientations(views)))
    before = seconds()
    found = efficiency(views.counted, "C1", 150)
    print(f"{'angular efficiency':24} {1000 * (seconds() - before):8.0f} ms: {found:.3f}")


def of_averages(folder: Path) -> None:
    """Picture class averages."""
    stack = folder / "averages.mrcs"
    write_mrc(stack, np.random.default_rng(6).normal(0, 1, (50, 128, 128)).astype(np.float32), 3, stack=True)
    cost("one class average", folder / "average.jpeg", lambda to: save_picture(to, picture_average(stack, 50)))


def cost(what: str, path: Path, write: Callable[[Path], object]) -> None:
    """Print what a picture costs."""
    before = seconds()
    write(path)
    print(f"{what:24} {1000 * (seconds() - before):8.0f} ms {path.stat().st_size / 1000:10.0f} kB")


def seconds() -> float:
    """Return the CPU seconds of this process until now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def noisy_micrograph(folder: Path, side: int) -> Path:
    """Write noise."""
    write_mrc(folder / "micrograph.mrc", np.random.default_rng(3).normal(10, 3, (side, side)).astype(np.float32), 0.85)
    return folder / "micrograph.mrc"


def noisy_tomogram(folder: Path, depth: int, rows: int, columns: int) -> Path:
    """Write noise, section by section."""
    random = np.random.default_rng(4)
    with writing(folder / "tomogram.mrc", (rows, columns), 10) as writer:
        for _ in range(depth):
            writer.write(random.normal(0, 1, (rows, columns)).astype(np.float32))
    return folder / "tomogram.mrc"


def random_views(folder: Path, count: int) -> Path:
    """Write angles of particles that are seen from anywhere."""
    random = np.random.default_rng(5)
    table = {
        "rlnAngleRot": random.uniform(-180, 180, count),
        "rlnAngleTilt": np.degrees(np.arccos(random.uniform(-1, 1, count))),
        **{f"rlnOther{number}": random.normal(size=count) for number in range(20)},
    }
    write_star(folder / "particles.star", {"particles": pd.DataFrame(table)})
    return folder / "particles.star"


if __name__ == "__main__":
    main()
