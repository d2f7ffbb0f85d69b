"""From particles to a sharpened density, in stages: each does one step after the other, and records it."""

import logging
from collections.abc import Sequence
from pathlib import Path

from flows.averaging_tools import AveragingTools
from flows.steps import Steps, made
from tasks.b_factor import draw_particles, fit_b_factor, place_of_b_factor, place_of_subset, subset_sizes
from tasks.class_selection import place_of_selection, select_classes
from tasks.classification_2d import classify_2d, place_of_classes_2d
from tasks.classification_3d import classify_3d, keep_best_class, place_of_best_class, place_of_classes_3d
from tasks.errors import ResultError
from tasks.initial_model import find_initial_model, place_of_initial_model
from tasks.models import Model, ParticleSet
from tasks.models.classes import SelectedParticles
from tasks.models.maps import Classes3D, FoundSymmetry, Map, Refinement
from tasks.models.resolution import BFactorFit, PostProcessed, ResolutionPoint
from tasks.post_processing import mirror_hand, place_of_mirrored, place_of_post_processed, post_process
from tasks.refinement import place_of_refinement, refine
from tasks.symmetry_search import find_symmetry, place_of_symmetry

_log = logging.getLogger(__name__)

_FEWEST_POINTS = 3
_SEED = 1
_OUTLINE = 5
"""Details across the particle from which on a density is more than an outline."""


class BestClass(Model):
    """The density that most good particles show, and these particles."""

    classes: Classes3D
    """All densities."""
    particles: ParticleSet
    """The particles of the best one."""

    @property
    def density(self) -> Map:
        """The best density."""
        return self.classes.best_class.map


class Refined(Model):
    """A refined density, and what people look at."""

    refinement: Refinement
    sharpened: PostProcessed


def classified_2d(particles: ParticleSet, tools: AveragingTools, folder: Path) -> Steps[SelectedParticles]:
    """Classify particles in 2D and keep those of good classes."""
    classes = yield from made(
        classify_2d, place_of_classes_2d, particles, tools.classifier_2d, folder / "classification_2d"
    )
    return (yield from made(select_classes, place_of_selection, classes, tools.selector, folder / "class_selection"))


def first_density(particles: ParticleSet, tools: AveragingTools, folder: Path) -> Steps[FoundSymmetry]:
    """Find a first density of particles, and its symmetry."""
    first = yield from made(
        find_initial_model, place_of_initial_model, particles, tools.model_finder, folder / "initial_model"
    )
    search = (first.map, particles.diameter, tools.symmetry_search, folder / "symmetry_search")
    return (yield from made(find_symmetry, place_of_symmetry, *search))


def classified_3d(particles: ParticleSet, density: Map, tools: AveragingTools, folder: Path) -> Steps[BestClass]:
    """Classify particles in 3D, beginning with a density, and keep those that show the best density.

    Raises ResultError if that one is not worth refining.
    """
    classifier = tools.classifier_3d.model_copy(update={"symmetry": density.symmetry})
    classification = (particles, (density,), classifier, folder / "classification_3d")
    classes = yield from made(classify_3d, place_of_classes_3d, *classification)
    require_worth(classes, tools.worth_refining or particles.diameter / _OUTLINE)
    best = yield from made(keep_best_class, place_of_best_class, classes, folder / "best_class")
    return BestClass(classes=classes, particles=best)


def refined(best: BestClass, tools: AveragingTools, folder: Path) -> Steps[Refined]:
    """Refine the best density against its particles, and sharpen it."""
    return (yield from _refined(best.particles, best.density, tools, folder, ""))


def in_hand(found: Refined, tools: AveragingTools, folder: Path) -> Steps[Refined]:
    """Give a refined density the hand that is wanted; its resolution, and the B factor, do not depend on it."""
    if tools.hand == "as found":
        return found
    mirroring = (found.refinement, found.sharpened, folder / "mirrored")
    other = yield from made(mirror_hand, place_of_mirrored, *mirroring)
    return Refined(refinement=other.refinement, sharpened=other.sharpened)


def require_worth(classes: Classes3D, coarsest: float) -> None:
    """Refuse densities of which the best one is coarser than a resolution in angstrom."""
    best = classes.best_class
    if best.resolution is None or best.resolution > coarsest:
        found = f"ends at {best.resolution:.1f} angstrom" if best.resolution else "has no resolution"
        raise ResultError(
            f"no 3D class is worth refining: the best one, {best.number} of {len(classes.classes)}, {found}; "
            f"worth_refining asks for {coarsest:.1f} angstrom"
        )


def fitted_b_factor(
    found: Refined, tools: AveragingTools, folder: Path, asked: Sequence[int] | None = None
) -> Steps[BFactorFit | None]:
    """Refine random parts of the particles and fit how resolution grows; None if there are too few for three points.

    Parts that were asked for are refined in any case, as far as there are particles.
    """
    whole, resolution = found.refinement, found.sharpened.map.resolution
    count = whole.particles.count
    sizes = subset_sizes(count, tools.smallest_subset) if asked is None else [size for size in asked if size < count]
    if asked is None and (len(sizes) + 1 < _FEWEST_POINTS or resolution is None):
        return None
    points = [ResolutionPoint(particles=count, resolution=resolution)] if resolution else []
    for size in sizes:
        smaller = yield from _part(whole, size, tools, folder, doubtful=asked is not None)
        if smaller is not None:
            points.append(ResolutionPoint(particles=size, resolution=smaller))
    if len(points) < _FEWEST_POINTS:
        return None
    fit = (tuple(points), whole.map.pixel_size, tools.b_factor_fitter, folder / "b_factor")
    return (yield from made(fit_b_factor, place_of_b_factor, *fit))


def _part(whole: Refinement, size: int, tools: AveragingTools, folder: Path, *, doubtful: bool) -> Steps[float | None]:
    """Refine a random part of the particles; return its resolution, or None.

    If it is doubtful whether so few suffice, it is no reason to leave out the others if they do not.
    """
    part = yield from made(draw_particles, place_of_subset, whole.particles, size, _SEED, folder / f"particles_{size}")
    try:
        smaller = yield from _refined(part, whole.map, tools, folder, f"_{size}")
    except ResultError as reason:
        if not doubtful:
            raise
        _log.warning("%d particles have no resolution: %s", size, reason)
        return None
    return smaller.sharpened.map.resolution


def _refined(
    particles: ParticleSet, reference: Map, tools: AveragingTools, folder: Path, ending: str
) -> Steps[Refined]:
    """Refine a reference and sharpen it; the ending keeps the folders of several refinements apart."""
    refiner = tools.refiner.model_copy(update={"symmetry": reference.symmetry})
    refinement = yield from made(
        refine, place_of_refinement, particles, reference, refiner, folder / f"refinement{ending}"
    )
    sharpening = (refinement.map, tools.post_processor, folder / f"post_processing{ending}")
    sharpened = yield from made(post_process, place_of_post_processed, *sharpening)
    return Refined(refinement=refinement, sharpened=sharpened)
