"""Take real micrographs to class averages, and draw them for somebody to look at.

``python benchmarks/class_averages.py --real FOLDER --folder RESULTS`` with the folder of particle_picking.py. Each step
is the one of the flow, and done once: a second call with other classes begins with the particles. Beside the picture,
numbers say whether the averages are rings, as those of apoferritin have to be: a hollow ball seen from any side is
brightest at the inner radius of its wall, 40 angstrom, and there about twice as bright as in its middle.
"""

import argparse
import resource
from pathlib import Path

import numpy as np
import numpy.typing as npt
from particle_picking import Marked, marked
from PIL import Image, ImageDraw

from tasks.class_selection import EmbeddedRanking, select_classes
from tasks.classification_2d import RelionClassification2D, classify_2d
from tasks.ctf_estimation import EmbeddedCtf, estimate_ctf
from tasks.formats.mrc import read_volume
from tasks.images import contrast
from tasks.models import Optics, Particles, ParticleSet
from tasks.models.classes import Classes2D, ClassScore
from tasks.particle_extraction import EmbeddedExtraction, extract_particles, gather_particles
from tasks.particle_picking import EmbeddedPicking, pick_particles
from tasks.relion.computing import Computing

Grey = npt.NDArray[np.float32]
SIDE, ACROSS, LINE = 192, 6, 36
KEPT, LEFT_OUT = (80, 255, 120), (255, 90, 60)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, required=True, help="folder of marked micrographs")
    parser.add_argument("--folder", type=Path, required=True, help="where results go")
    parser.add_argument("--pixel-size", type=float, default=1.5, help="in angstrom")
    parser.add_argument("--diameter", type=float, default=130.0, help="in angstrom")
    parser.add_argument("--part", choices=["all", "odd", "even"], default="all", help="which of the micrographs")
    parser.add_argument("--box", type=int, default=144, help="in pixels of the micrographs")
    parser.add_argument("--binned", type=int, default=60, help="side of the images of particles in pixels")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    arguments.within = 0.25
    folder = arguments.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    parts = [extracted(image, arguments, folder) for image in marked(arguments, folder)]
    particles = gather_particles.fn(tuple(part for part in parts if part.count), folder / "particles")
    print(f"{particles.count} particles, {sum(part.left_out for part in parts)} at edges; CPU s: {seconds():.1f}")
    classes = classified(particles, arguments, folder)
    selected = select_classes.fn(classes, EmbeddedRanking(), folder / "class_selection")
    print(f"{selected.particles.count} particles kept, in {sum(score.selected for score in selected.scores)} classes")
    for item, score, average in zip(classes.classes, selected.scores, read_volume(classes.averages), strict=True):
        radius, middle = ring(average, particles.pixel_size)
        print(f"class {item.number}: {item.particles} particles, {item.resolution or 0:.1f} A, score {score.score:.2f}")
        print(f"    brightest at {radius:.0f} A, the middle {middle:.2f} as bright; {score.reason}")
    draw(classes, selected.scores, folder / "class_averages.png")
    print(f"CPU s: {seconds():.1f}, of which RELION {seconds(resource.RUSAGE_CHILDREN):.1f}")


def extracted(image: Marked, arguments: argparse.Namespace, folder: Path) -> Particles:
    """Take one micrograph to the images of its particles."""
    optics = Optics(voltage=300, spherical_aberration=2.7, amplitude_contrast=0.07)
    limits = (0.8 * arguments.diameter, 1.2 * arguments.diameter)
    picks = pick_particles.fn(image.micrograph, EmbeddedPicking(diameter_range=limits), folder / "particle_picking")
    ctf = estimate_ctf.fn(image.micrograph, optics, EmbeddedCtf(), folder / "ctf_estimation")
    tool = EmbeddedExtraction(diameter=arguments.diameter, box_size=arguments.box, binned_size=arguments.binned)
    return extract_particles.fn(picks, ctf, optics, tool, folder / "particle_extraction")


def classified(particles: ParticleSet, arguments: argparse.Namespace, folder: Path) -> Classes2D:
    """Classify the particles by expectation maximisation."""
    classifier = RelionClassification2D(
        algorithm="em",
        classes=arguments.classes,
        iterations=arguments.iterations,
        computing=Computing(threads=arguments.threads),
    )
    return classify_2d.fn(particles, classifier, folder / "classification_2d")


def ring(average: Grey, pixel_size: float) -> tuple[float, float]:
    """Return the radius in angstrom at which an average is brightest, and how bright its middle is relative to that."""
    rows, columns = (np.arange(length) - length // 2 for length in average.shape)
    radius = np.rint(np.hypot(rows[:, None], columns)).astype(int)
    counts = np.bincount(radius.ravel())
    profile = np.bincount(radius.ravel(), average.ravel()) / counts
    profile = profile[: len(average) // 2] - np.median(profile[len(average) // 2 - 4 : len(average) // 2])
    brightest = int(np.argmax(profile))
    middle = float(profile[:2].mean())
    return brightest * pixel_size, middle / float(profile[brightest]) if profile[brightest] > 0 else 1.0


def draw(classes: Classes2D, scores: tuple[ClassScore, ...], path: Path) -> None:
    """Draw all averages, those of most particles first; green ones are kept, red ones are not."""
    averages = read_volume(classes.averages)
    order = sorted(classes.classes, key=lambda item: -item.particles)
    sheet = Image.new("RGB", (ACROSS * SIDE, -(-len(order) // ACROSS) * (SIDE + LINE)))
    pen = ImageDraw.Draw(sheet)
    for place, item in enumerate(order):
        x, y = place % ACROSS * SIDE, place // ACROSS * (SIDE + LINE)
        grey = Image.fromarray(contrast(averages[item.number - 1], 0.1)[::-1].copy())
        sheet.paste(grey.resize((SIDE - 4, SIDE - 4), Image.Resampling.BICUBIC), (x + 2, y + 2))
        score = scores[item.number - 1]
        words = f"{item.number}: {item.particles}, {item.resolution or 0:.1f} A\nscore {score.score:.2f}"
        pen.text((x + 4, y + SIDE), words, fill=KEPT if score.selected else LEFT_OUT)
    sheet.save(path)
    print(f"drawn in {path}")


def seconds(whose: int | None = None) -> float:
    """Return the CPU time of this process and its children, or of one of them."""
    chosen = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) if whose is None else (whose,)
    used = [resource.getrusage(one) for one in chosen]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
