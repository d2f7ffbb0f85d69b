"""Find how resolution grows with the number of particles: refine random parts of them, and fit a B factor."""

from pathlib import Path

from tasks.b_factor.embedded import EmbeddedBFactor
from tasks.b_factor.subsets import draw_subset, subset_sizes
from tasks.models import ParticleSet
from tasks.models.resolution import BFactorFit, ResolutionPoint
from tasks.reuse import Place
from tasks.step import once, step

__all__ = [
    "BFactorFitter",
    "EmbeddedBFactor",
    "draw_particles",
    "fit_b_factor",
    "place_of_b_factor",
    "place_of_subset",
    "subset_sizes",
]

BFactorFitter = EmbeddedBFactor


def place_of_subset(particles: ParticleSet, size: int, seed: int, folder: Path) -> Place[ParticleSet]:
    """Say where a part of the particles is recorded, and what it depends on."""
    given = {"particles": particles, "size": size, "seed": seed}
    return Place(folder / f"particles_{size}.json", ParticleSet, given)


@step(task_run_name="{size} of {particles.count} particles")
def draw_particles(particles: ParticleSet, size: int, seed: int, folder: Path) -> ParticleSet:
    """Draw a random part of the particles, unless it is done already."""
    place = place_of_subset(particles, size, seed, folder)
    return once(place, lambda: draw_subset(particles, size, seed, folder))


def place_of_b_factor(
    points: tuple[ResolutionPoint, ...], pixel_size: float, fitter: BFactorFitter, folder: Path
) -> Place[BFactorFit]:
    """Say where a fit is recorded, and what it depends on."""
    given = {"points": points, "pixel_size": pixel_size, "fitter": fitter}
    return Place(folder / "b_factor.json", BFactorFit, given)


@step(task_run_name="B factor")
def fit_b_factor(
    points: tuple[ResolutionPoint, ...], pixel_size: float, fitter: BFactorFitter, folder: Path
) -> BFactorFit:
    """Fit a B factor, unless it is done already."""
    return once(place_of_b_factor(points, pixel_size, fitter, folder), lambda: fitter.fit(points, pixel_size))
