"""Classify particles by what they look like."""

from pathlib import Path

from tasks.classification_2d.relion import Gradient, RelionClassification2D
from tasks.models import ParticleSet
from tasks.models.classes import Classes2D
from tasks.reuse import Place
from tasks.step import once, step

__all__ = ["Classifier2D", "Gradient", "RelionClassification2D", "classify_2d", "place_of_classes_2d"]

Classifier2D = RelionClassification2D


def place_of_classes_2d(particles: ParticleSet, classifier: Classifier2D, folder: Path) -> Place[Classes2D]:
    """Say where 2D classes are recorded, and what they depend on."""
    return Place(folder / "classes_2d.json", Classes2D, {"particles": particles, "classifier": classifier})


@step(task_run_name="2D classes of {particles.count} particles")
def classify_2d(particles: ParticleSet, classifier: Classifier2D, folder: Path) -> Classes2D:
    """Classify particles in 2D, unless it is done already."""
    return once(place_of_classes_2d(particles, classifier, folder), lambda: classifier.classify(particles, folder))
