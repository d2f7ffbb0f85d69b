"""What is in a tomogram, as far as it was looked for: a failure to find it does not lose the tomogram."""

from pathlib import Path

from tasks.models.base import Model
from tasks.models.particles import TomogramPicks
from tasks.models.segmentation import Segmentation


class Shortfall(Model):
    """A step that failed; what was found before it counts all the same."""

    step: str
    """Name of the step, as of its results: segmentation, tomogram_picking."""
    kind: str
    """Kind of the failure: bad-data, out-of-memory, tool-error ..."""
    reason: str
    """What went wrong, in the words of the program or of the step."""
    log: Path | None = None
    """What the program said, where it has a log."""


class Shortfalls(Model):
    """What an item lacks although it is done."""

    failed: tuple[Shortfall, ...] = ()
    """None if nothing is lacking (any more)."""

    def of(self, step: str) -> Shortfall | None:
        """Return why a step found nothing, if it failed."""
        return next((shortfall for shortfall in self.failed if shortfall.step == step), None)


class Contents(Model):
    """What was found in a tomogram; None where nobody looked, or where there is a shortfall."""

    segmentation: Segmentation | None = None
    picks: TomogramPicks | None = None
    shortfalls: Shortfalls = Shortfalls()
