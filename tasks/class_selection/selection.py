"""Keep the particles of the classes that are good enough."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.errors import ResultError
from tasks.formats.mrc import read_image, write_mrc
from tasks.models import ParticleSet
from tasks.models.classes import Classes2D, ClassScore
from tasks.relion.rows import require_column, write_part


def choose(scores: Sequence[float], reasons: Sequence[str], threshold: float) -> tuple[ClassScore, ...]:
    """Return what becomes of each class; the first one has number 1."""
    return tuple(
        ClassScore(number=number, score=round(score, 4), selected=score >= threshold, reason=reason)
        for number, (score, reason) in enumerate(zip(scores, reasons, strict=True), 1)
    )


def with_enough(classes: Classes2D, scores: Sequence[ClassScore], fewest: int) -> tuple[ClassScore, ...]:
    """Keep the next best classes too until there are enough particles."""
    counts = {item.number: item.particles for item in classes.classes}
    missing = fewest - sum(counts[item.number] for item in scores if item.selected)
    added: set[int] = set()
    for item in sorted(scores, key=lambda item: -item.score):
        if missing > 0 and not item.selected:
            added.add(item.number)
            missing -= counts[item.number]
    return tuple(item.model_copy(update={"selected": item.selected or item.number in added}) for item in scores)


def require_selected(classes: Classes2D, scores: Sequence[ClassScore], threshold: float) -> list[ClassScore]:
    """Return the classes that are kept, best first, of which there has to be one with particles."""
    counts = {item.number: item.particles for item in classes.classes}
    kept = [score for score in scores if score.selected and counts[score.number]]
    if not kept:
        best = max(scores, key=lambda item: item.score)
        raise ResultError(
            f"{classes.averages}: all {len(scores)} classes are junk: none scores {threshold:.2f}; "
            f"the best one is class {best.number} with {best.score:.2f}, {best.reason}"
        )
    return sorted(kept, key=lambda item: -item.score)


def write_selected(classes: Classes2D, kept: Sequence[ClassScore], folder: Path) -> tuple[ParticleSet, Path]:
    """Write the particles and the averages of classes to a folder."""
    numbers = [item.number for item in kept]

    def choose_rows(table: pd.DataFrame) -> pd.DataFrame:
        require_column(table, "rlnClassNumber", classes.particles.star, "particles that were classified")
        return table[table["rlnClassNumber"].isin(numbers)]

    particles = write_part(classes.particles, choose_rows, folder / "particles.star")
    averages = folder / "class_averages.mrcs"
    images = np.stack([read_image(classes.averages, number - 1) for number in numbers])
    write_mrc(averages, images, particles.pixel_size, stack=True)
    return particles, averages
