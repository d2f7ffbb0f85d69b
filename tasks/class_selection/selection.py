"""Keep the particles of the classes that are good enough."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.formats.mrc import read_image, write_mrc
from tasks.models.classes import Classes2D, ClassScore, SelectedParticles
from tasks.relion.rows import require_column, write_part


def choose(
    classes: Classes2D, scores: Sequence[float], reasons: Sequence[str], threshold: float
) -> tuple[ClassScore, ...]:
    """Return what becomes of each class; one without particles is never kept."""
    return tuple(
        ClassScore(
            number=item.number,
            score=round(score, 4),
            selected=score >= threshold and item.particles > 0,
            reason=reason if item.particles else "no particles",
        )
        for item, score, reason in zip(classes.classes, scores, reasons, strict=True)
    )


def with_enough(classes: Classes2D, scores: Sequence[ClassScore], fewest: int) -> tuple[ClassScore, ...]:
    """Keep the next best classes too until there are enough particles; where all is junk, keep none."""
    counts = {item.number: item.particles for item in classes.classes}
    missing = fewest - sum(counts[item.number] for item in scores if item.selected)
    added: set[int] = set()
    for item in sorted(scores, key=lambda item: -item.score) if any(item.selected for item in scores) else ():
        if missing > 0 and not item.selected:
            added.add(item.number)
            missing -= counts[item.number]
    return tuple(item.model_copy(update={"selected": item.selected or item.number in added}) for item in scores)


def keep(
    classes: Classes2D, scores: tuple[ClassScore, ...], threshold: float, program: str, folder: Path
) -> SelectedParticles:
    """Write the particles and the averages of the classes that are kept to a folder, which may be none."""
    kept = sorted((score for score in scores if score.selected), key=lambda score: -score.score)
    numbers = [score.number for score in kept]

    def choose_rows(table: pd.DataFrame) -> pd.DataFrame:
        require_column(table, "rlnClassNumber", classes.particles.star, "particles that were classified")
        return table[table["rlnClassNumber"].isin(numbers)]

    averages = folder / "class_averages.mrcs"
    if numbers:
        images = np.stack([read_image(classes.averages, number - 1) for number in numbers])
        write_mrc(averages, images, classes.particles.pixel_size, stack=True)
    return SelectedParticles(
        particles=write_part(classes.particles, choose_rows, folder / "particles.star"),
        averages=averages if numbers else None,
        scores=scores,
        threshold=threshold,
        program=program,
    )
