"""Whom to ask for a second opinion, and when, as choices in the forms of the flows."""

from pydantic import Field, PositiveFloat

from tasks.ctf_estimation import CtfEstimator
from tasks.models import Model
from tasks.motion_correction import MotionCorrector


class SecondOpinions(Model):
    """Tools that are asked where the result of the first one is in doubt or there is none; none to ask nobody.

    Both results are judged by what the images say, not by what the programs say of themselves; the better one is used,
    both are kept.
    """

    motion_corrector: MotionCorrector | None = None
    """Who corrects the motion again where it jumps; the stronger Thon rings decide."""
    largest_jump: PositiveFloat = 10.0
    """Motion from one frame to the next, in angstrom, that is in doubt if there is more."""
    ctf_estimator: CtfEstimator | None = None
    """Who estimates the CTF again where few Thon rings were fitted; the CTF whose rings stand out more decides."""
    ctf_resolution: PositiveFloat = 10.0
    """Resolution in angstrom that fitted Thon rings must reach."""
    figure_of_merit: float = Field(default=0.0, ge=-1, le=1)
    """Figure of merit that a fit must reach; its scale is that of the first program."""
