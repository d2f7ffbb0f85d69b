"""The tools from a movie to its picks, as choices in the forms of the flows."""

from typing import Self

from pydantic import model_validator

from flows.second_opinions import SecondOpinions
from tasks.ctf_estimation import CtfEstimator, EmbeddedCtf
from tasks.ice_thickness import EmbeddedIceThickness, IceBreaker, IceEstimator
from tasks.models import Model
from tasks.motion_correction import EmbeddedMotion, MotionCorrector
from tasks.particle_picking import EmbeddedPicking, ParticlePicker


class MicrographTools(Model):
    """What each step of a micrograph is done with."""

    motion_corrector: MotionCorrector = EmbeddedMotion()
    ctf_estimator: CtfEstimator = EmbeddedCtf()
    ice_estimator: IceEstimator = EmbeddedIceThickness()
    picker: ParticlePicker = EmbeddedPicking()
    ice_of_particles: bool = False
    """Write the picks of each micrograph with the ice that each lies in, so that those in thick ice can be left out."""
    second_opinions: SecondOpinions = SecondOpinions()

    @model_validator(mode="after")
    def groups_are_kept_for_particles(self) -> Self:
        """Refuse to look particles up in groups of ice that are not kept."""
        if self.ice_of_particles and isinstance(self.ice_estimator, IceBreaker) and not self.ice_estimator.keep_groups:
            raise ValueError("ice_of_particles: with icebreaker it needs ice_estimator.keep_groups=true")
        return self
