"""Cut the images of particles out of micrographs."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from tasks.models import Ctf, Optics, Particles, ParticleSet, Picks
from tasks.particle_extraction.batching import Batches, cut_particles
from tasks.particle_extraction.embedded import EmbeddedExtraction
from tasks.particle_extraction.joining import Part, join_particles
from tasks.particle_extraction.naming import name_of
from tasks.reuse import Place
from tasks.step import once, step

__all__ = [
    "Batches",
    "EmbeddedExtraction",
    "Part",
    "ParticleExtractor",
    "cut_batches",
    "extract_particles",
    "gather_particles",
    "join_particles",
    "name_particles",
    "place_of_batches",
    "place_of_gathered",
    "place_of_named",
    "place_of_particles",
]

ParticleExtractor = Annotated[EmbeddedExtraction, Field()]


def place_of_particles(
    picks: Picks, ctf: Ctf, optics: Optics, extractor: ParticleExtractor, folder: Path
) -> Place[Particles]:
    """Say where the particles of a micrograph are recorded, and what they depend on."""
    given = {"picks": picks, "ctf": ctf, "optics": optics, "extractor": extractor}
    return Place(folder / f"{name_of(picks.micrograph)}_particles.json", Particles, given)


@step(task_run_name="extraction from {picks.micrograph.path.stem} {picks.micrograph.section}", timeout_seconds=3600)
def extract_particles(picks: Picks, ctf: Ctf, optics: Optics, extractor: ParticleExtractor, folder: Path) -> Particles:
    """Extract the particles of one micrograph, unless it is done already."""
    place = place_of_particles(picks, ctf, optics, extractor, folder)
    return once(place, lambda: extractor.extract(picks, ctf, optics, folder))


def place_of_gathered(parts: tuple[Part, ...], folder: Path) -> Place[ParticleSet]:
    """Say where particles that were put together are recorded, and what they depend on."""
    return Place(folder / "particles.json", ParticleSet, {"parts": parts})


@step(task_run_name="particles put together")
def gather_particles(parts: tuple[Part, ...], folder: Path) -> ParticleSet:
    """Put the particles of micrographs or batches together, unless it is done already."""
    return once(place_of_gathered(parts, folder), lambda: join_particles(parts, folder / "particles.star"))


def place_of_named(parts: tuple[Part, ...], star: Path) -> Place[ParticleSet]:
    """Say where particles in a file with a name of its own are recorded, and what they depend on."""
    return Place(star.parent / "particle_file" / f"{star.stem}.json", ParticleSet, {"parts": parts})


@step(task_run_name="particles in {star.name}")
def name_particles(parts: tuple[Part, ...], star: Path) -> ParticleSet:
    """Put particles together in a file that others know by its name, unless it is done already."""
    return once(place_of_named(parts, star), lambda: join_particles(parts, star))


def place_of_batches(particles: ParticleSet, size: int, folder: Path) -> Place[Batches]:
    """Say where the batches of particles are recorded, and what they depend on."""
    return Place(folder / "batches.json", Batches, {"particles": particles, "size": size})


@step(task_run_name="batches of {particles.count} particles")
def cut_batches(particles: ParticleSet, size: int, folder: Path) -> Batches:
    """Cut particles into batches of at most so many, unless it is done already."""
    return once(place_of_batches(particles, size, folder), lambda: cut_particles(particles, size, folder))
