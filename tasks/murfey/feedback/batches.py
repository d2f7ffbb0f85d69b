"""What Murfey is told of batches of particles and their classes."""

from numbers import Real
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from tasks.models import Model
from tasks.murfey.feedback.base import SpaFeedback
from tasks.murfey.values import AbsolutePath, Count, Size

SMALLEST_SCORE = 1e-3
"""Stands for a score of 0, or for none: Murfey would wait for another one, and classify nothing until then."""


class Class2DMessage(Model):
    """Particles to be classified in 2D."""

    particles_file: AbsolutePath
    """Star file of the particles: Murfey knows a batch by it, so it must be unique among its sessions."""
    class2d_dir: AbsolutePath
    """The folder of the classification without its number, as in /.../Class2D/job."""
    batch_size: Count
    """Number of particles of a full batch."""


class ParticlesFile(SpaFeedback):
    """There are particles to be classified in 2D."""

    identity: ClassVar[tuple[str, ...]] = ("particles_file",)

    class2d_message: Class2DMessage
    """What the request for the classification repeats."""

    @property
    def particles_file(self) -> str:
        """Star file of the particles."""
        return str(self.class2d_message.particles_file)


class IncompleteParticlesFile(ParticlesFile):
    """There are particles of the first batch, or more of them than before: the occasion says how many."""

    register: ClassVar[Literal["incomplete_particles_file"]] = "incomplete_particles_file"


class CompleteParticlesFile(ParticlesFile):
    """A batch of particles is full."""

    register: ClassVar[Literal["complete_particles_file"]] = "complete_particles_file"


class DoneIncomplete2DBatch(SpaFeedback):
    """A batch that was not full is classified, or a classification in 2D failed: the next one may begin."""

    register: ClassVar[Literal["done_incomplete_2d_batch"]] = "done_incomplete_2d_batch"
    identity: ClassVar[tuple[str, ...]] = ("job_dir",)

    job_dir: AbsolutePath
    """The folder of the classification with its number: ``class2d_dir`` of the request."""


def _above_zero(score: object) -> object:
    """Replace a score that Murfey cannot use by one that all classes have."""
    return score if isinstance(score, Real) and float(score) > 0 else SMALLEST_SCORE


class SaveClassSelectionScore(SpaFeedback):
    """The first full batch says what score a good class has: from now on all full batches are classified at once."""

    register: ClassVar[Literal["save_class_selection_score"]] = "save_class_selection_score"

    class_selection_score: Annotated[Size, BeforeValidator(_above_zero)]
    """Least score of a good class; a very small one if there is none."""


class DoneParticleSelection(SpaFeedback):
    """Particles were put into batches; Murfey only acknowledges it."""

    register: ClassVar[Literal["done_particle_selection"]] = "done_particle_selection"


class DoneClassSelection(SpaFeedback):
    """Classes were selected; Murfey only acknowledges it."""

    register: ClassVar[Literal["done_class_selection"]] = "done_class_selection"
