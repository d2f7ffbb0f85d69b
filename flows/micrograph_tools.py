"""The tools from a movie to its picks, as choices in the forms of the flows."""

from flows.second_opinions import SecondOpinions
from tasks.ctf_estimation import CtfEstimator, EmbeddedCtf
from tasks.ice_thickness import EmbeddedIceThickness, IceEstimator
from tasks.models import Model
from tasks.motion_correction import EmbeddedMotion, MotionCorrector
from tasks.particle_picking import EmbeddedPicking, ParticlePicker


class MicrographTools(Model):
    """What each step of a micrograph is done with."""

    motion_corrector: MotionCorrector = EmbeddedMotion()
    ctf_estimator: CtfEstimator = EmbeddedCtf()
    ice_estimator: IceEstimator = EmbeddedIceThickness()
    picker: ParticlePicker = EmbeddedPicking()
    second_opinions: SecondOpinions = SecondOpinions()
