"""Rank classes by their statistics and by what their averages look like."""

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from tasks.class_selection.features import Features, class_features
from tasks.class_selection.selection import choose, keep
from tasks.errors import FormatError
from tasks.formats.mrc import header, read_volume
from tasks.models import Model
from tasks.models.classes import ClassAverage, Classes2D, SelectedParticles
from tasks.relion.results import read_general


class EmbeddedRanking(Model):
    """Score classes by support, detail, compactness and centring."""

    tool: Literal["embedded"] = "embedded"
    threshold: float = Field(default=0.5, ge=0, le=1)
    """Least score, from 0 (junk) to 1, of a class that is kept."""

    def select(self, classes: Classes2D, folder: Path) -> SelectedParticles:
        """Keep the particles of good classes, if there are any."""
        features = self._features(classes)
        reasons = [_reason(item, found) for item, found in zip(classes.classes, features, strict=True)]
        scores = choose(classes, [item.score for item in features], reasons, self.threshold)
        return keep(classes, scores, self.threshold, "embedded ranking", folder)

    def _features(self, classes: Classes2D) -> list[Features]:
        count = header(classes.averages).shape[0]
        if count != len(classes.classes):
            raise FormatError(classes.averages, f"{count} averages", f"one for each of {len(classes.classes)} classes")
        diameter = float(read_general(classes.optimiser, "optimiser_general")["rlnParticleDiameter"])
        radius = min(diameter / 2 / classes.particles.pixel_size, classes.particles.box_size / 2)
        averages = np.nan_to_num(read_volume(classes.averages))
        return class_features(classes.classes, list(averages), radius)


def _reason(item: ClassAverage, found: Features) -> str:
    """Say what the class is like, and what speaks against it most."""
    resolution = f"{item.resolution:.1f} angstrom" if item.resolution else "no resolution"
    shown = ", ".join(f"{name} {value:.2f}" for name, value in found._asdict().items())
    return f"{item.particles} particles, {resolution}; weakest in {found.weakest} ({shown})"
