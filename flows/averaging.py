"""From particles to a density: classes, a first model, symmetry, refinement, sharpening, B factor."""

from pathlib import Path

from prefect import get_run_logger

from flows.averaging_tools import AveragingTools
from tasks.b_factor import draw_particles, fit_b_factor, subset_sizes
from tasks.class_selection import select_classes
from tasks.classification_2d import classify_2d
from tasks.classification_3d import classify_3d, keep_best_class
from tasks.initial_model import find_initial_model
from tasks.models import ParticleSet
from tasks.models.classes import BFactorFit, PostProcessed, Refinement, ResolutionPoint
from tasks.post_processing import post_process
from tasks.refinement import refine
from tasks.symmetry_search import find_symmetry

_FEWEST_POINTS = 3
_SEED = 1


def good_particles(particles: ParticleSet, tools: AveragingTools, folder: Path) -> ParticleSet:
    """Classify particles in 2D and keep those of good classes."""
    classes = classify_2d.submit(particles, tools.classifier_2d, folder / "classification_2d").result()
    return select_classes.submit(classes, tools.selector, folder / "class_selection").result().particles


def density(particles: ParticleSet, tools: AveragingTools, folder: Path) -> tuple[Refinement, PostProcessed]:
    """Find a first density and its symmetry, keep the particles that show the best one, refine and sharpen it."""
    first = find_initial_model.submit(particles, tools.model_finder, folder / "initial_model").result()
    search = (first.map, particles.diameter, tools.symmetry_search, folder / "symmetry_search")
    found = find_symmetry.submit(*search).result()
    get_run_logger().info("symmetry %s: %s", found.map.symmetry, found.why)
    group = {"symmetry": found.map.symmetry}

    classifier, below = tools.classifier_3d.model_copy(update=group), folder / "classification_3d"
    classes = classify_3d.submit(particles, (found.map,), classifier, below).result()
    get_run_logger().info("class %d: %s", classes.best, classes.why)
    best = keep_best_class.submit(classes, below).result()

    refiner = tools.refiner.model_copy(update=group)
    refinement = refine.submit(best, classes.best_class.map, refiner, folder / "refinement").result()
    return refinement, post_process.submit(refinement.map, tools.post_processor, folder / "post_processing").result()


def b_factor(
    refinement: Refinement, sharpened: PostProcessed, tools: AveragingTools, smallest: int, folder: Path
) -> BFactorFit | None:
    """Refine random parts of the particles and fit how resolution grows; None if there are too few for three points."""
    particles, refiner = refinement.particles, tools.refiner.model_copy(update={"symmetry": refinement.map.symmetry})
    sizes = subset_sizes(particles.count, smallest)
    if len(sizes) + 1 < _FEWEST_POINTS or sharpened.map.resolution is None:
        get_run_logger().info("no B factor of %d particles: parts begin at %d", particles.count, smallest)
        return None
    points = [ResolutionPoint(particles=particles.count, resolution=sharpened.map.resolution)]
    for size in sizes:
        below = folder / f"{size}"
        part = draw_particles.submit(particles, size, _SEED, below).result()
        refined = refine.submit(part, refinement.map, refiner, below / "refinement").result()
        sharp = post_process.submit(refined.map, tools.post_processor, below / "post_processing").result()
        if sharp.map.resolution is not None:
            points.append(ResolutionPoint(particles=size, resolution=sharp.map.resolution))
    if len(points) < _FEWEST_POINTS:
        return None
    return fit_b_factor.submit(tuple(points), refinement.map.pixel_size, tools.b_factor_fitter, folder).result()
