"""The stages from particles to a density as tasks of a run."""

from pathlib import Path

from flows.averaging import (
    BestClass,
    Refined,
    classified_2d,
    classified_3d,
    first_density,
    fitted_b_factor,
    in_hand,
    refined,
)
from flows.averaging_tools import AveragingTools
from flows.steps import concluded
from tasks.models import ParticleSet
from tasks.models.classes import SelectedParticles
from tasks.models.maps import FoundSymmetry, Map
from tasks.models.resolution import BFactorFit
from tasks.step import step


@step(task_run_name="2D classes of {particles.count} particles")
def classify(particles: ParticleSet, tools: AveragingTools, folder: Path) -> SelectedParticles:
    """Classify particles in 2D and keep those of good classes."""
    return concluded(classified_2d(particles, tools, folder))


@step(task_run_name="first density of {particles.count} particles")
def find_density(particles: ParticleSet, tools: AveragingTools, folder: Path) -> FoundSymmetry:
    """Find a first density of particles, and its symmetry."""
    return concluded(first_density(particles, tools, folder))


@step(task_run_name="3D classes of {particles.count} particles")
def average(particles: ParticleSet, density: Map, tools: AveragingTools, folder: Path) -> BestClass:
    """Classify particles in 3D and keep those that show the best density."""
    return concluded(classified_3d(particles, density, tools, folder))


@step(task_run_name="refinement of {best.particles.count} particles")
def sharpen(best: BestClass, tools: AveragingTools, folder: Path) -> Refined:
    """Refine the best density against its particles, and sharpen it."""
    return concluded(refined(best, tools, folder))


@step(task_run_name="hand of the density")
def turn(found: Refined, tools: AveragingTools, folder: Path) -> Refined:
    """Give the density the hand that is wanted."""
    return concluded(in_hand(found, tools, folder))


@step(task_run_name="B factor of {found.refinement.particles.count} particles")
def find_b_factor(found: Refined, tools: AveragingTools, folder: Path) -> BFactorFit | None:
    """Refine random parts of the particles and fit how resolution grows."""
    return concluded(fitted_b_factor(found, tools, folder))
