"""Tiny runs of the RELION that is installed, each made once for all tests, and stand-ins for versions that are not."""

import shutil
import sys
from functools import cache
from pathlib import Path

import pytest

from tasks.classification_2d import RelionClassification2D
from tasks.models import ParticleSet
from tasks.models.classes import Classes2D
from tasks.models.maps import Map, Refinement
from tasks.refinement import RelionRefinement
from tasks.relion.job import Job
from tasks.simulation.particles import ParticlesTruth, SimulatedParticles

needs_relion = pytest.mark.skipif(shutil.which("relion_refine") is None, reason="RELION is not installed")

COMMANDS = ParticleSet(star=Path("/project/Extract/particles.star"), count=900, box_size=64, pixel_size=2, diameter=100)
"""Particles that command lines are compared for; their files do not exist."""


def job(folder: str) -> Job:
    """Return a job of a project that does not exist."""
    return Job(Path("/project") / folder, Path("/project"))


@cache
def particles(base: Path) -> ParticlesTruth:
    """120 images of 32 pixels of 6 angstrom, a third of them junk."""
    simulated = SimulatedParticles(count=120, box_size=32, pixel_size=6, signal_to_noise=1, junk=0.3, seed=31)
    return simulated.simulate(base / "relion_particles")


@cache
def classes_2d(base: Path) -> Classes2D:
    """5 classes of these particles after 5 iterations."""
    classifier = RelionClassification2D(classes=5, iterations=5, psi_step=24, offset_range=2, mask_diameter=150)
    return classifier.classify(particles(base).particles, base / "relion_particles" / "Class2D")


def stand_in(path: Path, version: str, body: str = "") -> Path:
    """Write a program that answers for its version, notes its arguments in ``path``.txt, and runs a body in Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"#!{sys.executable}",
        "import sys, pathlib",
        "arguments = sys.argv[1:]",
        "if arguments == ['--version']:",
        f"    sys.exit(print('RELION version: {version} \\nPrecision: BASE=double'))",
        f"with open({str(path) + '.txt'!r}, 'a') as notes:",
        "    print(' '.join(arguments), file=notes)",
        "def value(flag): return arguments[arguments.index(flag) + 1]",
        body,
    ]
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


@cache
def small_particles(base: Path) -> ParticlesTruth:
    """80 images of 24 pixels of 8 angstrom, cheap enough to refine."""
    simulated = SimulatedParticles(count=80, box_size=24, pixel_size=8, signal_to_noise=4, displacement=2, seed=51)
    return simulated.simulate(base / "relion_small")


def true_map(truth: ParticlesTruth) -> Map:
    """Return the true density as a reference."""
    return Map(path=truth.density, pixel_size=truth.particles.pixel_size, box_size=truth.particles.box_size)


@cache
def refined(base: Path) -> Refinement:
    """The true density, refined against these particles with the fastest settings."""
    refiner = RelionRefinement(
        initial_lowpass=40,
        healpix_order=1,
        local_healpix_order=2,
        offset_range=1,
        offset_step=1,
        mask_diameter=150,
        ignore_angles=True,
        resolution_angles=True,
    )
    truth = small_particles(base)
    return refiner.refine(truth.particles, true_map(truth), base / "relion_small" / "Refine3D")
