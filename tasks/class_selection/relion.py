"""The class ranker of RELION 4 and later, a neural network that was trained on classes people chose."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeInt

from tasks.class_selection.selection import choose, keep, with_enough
from tasks.errors import FormatError
from tasks.formats.star import read_table
from tasks.models import Executable, Model
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.relion.computing import Computing, UsedComputing
from tasks.relion.job import Job, open_job
from tasks.relion.version import GRADIENT, relion_version


class RelionClassRanker(Model):
    """RELION's class ranker."""

    tool: Literal["relion"] = "relion"
    executable: Executable = "relion_class_ranker"
    python: Executable = "python"
    """Python with PyTorch, which the ranker calls."""
    threshold: float | None = Field(default=None, ge=0, le=1)
    """Least score of a class that is kept; None finds one, to be used for later particles of the session too."""
    removed_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Share of the classes that lie below a threshold that is found."""
    junk_score: float = Field(default=0.1, ge=0, le=1)
    """Least threshold that is found; where no class reaches it there is junk only."""
    fewest_particles: NonNegativeInt = 500
    """Keep at least so many particles, of the best classes."""
    computing: UsedComputing = Computing()
    """How long the ranker may take."""

    def version(self) -> str:
        """Return name and version of the program."""
        return relion_version(self.executable).program

    def select(self, classes: Classes2D, folder: Path) -> SelectedParticles:
        """Keep the particles of good classes, if there are any."""
        version = relion_version(self.executable)
        version.require(GRADIENT, self.executable, "the embedded ranking")
        job = open_job(folder, classes.particles)
        found = self._scores(classes, self.threshold or 0.0, job)
        threshold = self.threshold
        if threshold is None:
            threshold = max(float(np.quantile(found, self.removed_fraction)), self.junk_score)
            # Once more, so that RELION's own list of averages is that of the threshold.
            found = self._scores(classes, threshold, job)
        scores = choose(classes, found, ["score of RELION's class ranker"] * len(found), threshold)
        scores = with_enough(classes, scores, self.fewest_particles)
        return keep(classes, scores, threshold, version.program, job.folder)

    def _scores(self, classes: Classes2D, threshold: float, job: Job) -> list[float]:
        job.run(self.command(classes, threshold, job), self.computing, ["rank_model.star"])
        return read_scores(job.file("rank_model.star"), len(classes.classes))

    def command(self, classes: Classes2D, threshold: float, job: Job) -> list[str]:
        """Return the command line."""
        folder = f"{job.name(job.folder)}/"
        words = [self.executable, "--opt", job.name(classes.optimiser), "--o", folder, "--auto_select"]
        words += ["--fn_root", "rank", "--do_granularity_features", "--fn_sel_parts", "particles.star"]
        words += ["--fn_sel_classavgs", "class_averages.star", "--python", self.python]
        words += ["--select_min_nr_particles", str(self.fewest_particles), "--min_score", f"{threshold:.6g}"]
        return [*words, "--pipeline_control", folder]


def read_scores(model: Path, classes: int) -> list[float]:
    """Return the score of each class."""
    table = read_table(model, "model_classes")
    if "rlnClassScore" not in table or len(table) != classes:
        raise FormatError(
            model, f"{len(table)} classes, columns {', '.join(map(str, table))}", f"rlnClassScore of {classes}"
        )
    return [min(1.0, max(0.0, float(score))) for score in table["rlnClassScore"]]
