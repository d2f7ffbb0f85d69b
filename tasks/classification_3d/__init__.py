"""Classify particles by the densities that they show, and choose the density that has most evidence."""

from pathlib import Path

from tasks.classification_3d.best import write_best
from tasks.classification_3d.relion import RelionClassification3D
from tasks.models import ParticleSet
from tasks.models.maps import Classes3D, Map
from tasks.reuse import Place
from tasks.step import once, step

__all__ = [
    "Classifier3D",
    "RelionClassification3D",
    "classify_3d",
    "keep_best_class",
    "place_of_best_class",
    "place_of_classes_3d",
]

Classifier3D = RelionClassification3D


def place_of_classes_3d(
    particles: ParticleSet, references: tuple[Map, ...], classifier: Classifier3D, folder: Path
) -> Place[Classes3D]:
    """Say where 3D classes are recorded, and what they depend on."""
    given = {"particles": particles, "references": references, "classifier": classifier}
    return Place(folder / "classes_3d.json", Classes3D, given)


@step(task_run_name="3D classes of {particles.count} particles")
def classify_3d(
    particles: ParticleSet, references: tuple[Map, ...], classifier: Classifier3D, folder: Path
) -> Classes3D:
    """Classify particles in 3D, unless it is done already."""
    place = place_of_classes_3d(particles, references, classifier, folder)
    return once(place, lambda: classifier.classify(particles, references, folder))


def place_of_best_class(classes: Classes3D, folder: Path) -> Place[ParticleSet]:
    """Say where the particles of the best class are recorded, and what they depend on."""
    return Place(folder / "best_class.json", ParticleSet, {"classes": classes})


@step(task_run_name="particles of class {classes.best}")
def keep_best_class(classes: Classes3D, folder: Path) -> ParticleSet:
    """Keep the particles that show the best density, unless it is done already."""
    return once(place_of_best_class(classes, folder), lambda: write_best(classes, folder))
