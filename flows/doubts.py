"""When the result of a step is in doubt, and how well the data agree with it: the questions of second opinions."""

import math
from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Literal

from flows.opinion_folders import second_beside
from flows.second_opinion import Asked, Measure, Question
from flows.second_opinions import SecondOpinions
from tasks.ctf_estimation import CtfEstimator, agreement, estimate_ctf, place_of_ctf, ring_strength
from tasks.models import Ctf, Micrograph, Motion, Movie, Optics, TiltGeometry
from tasks.motion_correction import MotionCorrector, correct_motion, place_of_motion


def question_of_motion(
    movie: Movie, corrector: MotionCorrector, opinions: SecondOpinions, folder: Path
) -> Question[Motion]:
    """Ask for the motion of a movie, with results in a folder of the step below ``folder``."""
    measure = Measure(
        "by how many standard deviations of noise the Thon rings of the corrected image stand out",
        {"largest_jump": opinions.largest_jump},
        doubt_of_motion,
        partial(_rings, optics=movie.acquisition.optics),
    )

    def asked(tool: MotionCorrector, step: Path) -> Asked[Motion]:
        return Asked(tool.tool, correct_motion, place_of_motion, (movie, tool, step))

    other, step = opinions.motion_corrector, folder / "motion_correction"
    second = asked(other, second_beside(step)) if other and other != corrector else None
    return Question(asked(corrector, step), second, measure)


def question_of_ctf(  # noqa: PLR0913, PLR0917 - an image, two tools and a place
    image: Micrograph,
    optics: Optics,
    estimator: CtfEstimator,
    opinions: SecondOpinions,
    folder: Path,
    tilt: TiltGeometry | None = None,
) -> Question[Ctf]:
    """Ask for the CTF of an image, with results in a folder of the step below ``folder``."""
    measure = Measure(
        "by how many standard deviations of noise the Thon rings of the CTF stand out in the spectrum of the image",
        {"ctf_resolution": opinions.ctf_resolution, "figure_of_merit": opinions.figure_of_merit},
        doubt_of_ctf,
        partial(_agreement, image=image, optics=optics, tilt=tilt, handedness=_handedness(estimator)),
    )

    def asked(tool: CtfEstimator, step: Path) -> Asked[Ctf]:
        return Asked(tool.tool, estimate_ctf, place_of_ctf, (image, optics, tool, step, tilt))

    other, step = opinions.ctf_estimator, folder / "ctf_estimation"
    second = asked(other, second_beside(step)) if other and other != estimator else None
    return Question(asked(estimator, step), second, measure)


def doubt_of_motion(motion: Motion, limits: Mapping[str, float]) -> str:
    """Say why the motion of a movie is in doubt."""
    jumps = [math.dist(before, after) for before, after in pairwise(motion.displacements)]
    largest, limit = max(jumps, default=0.0), limits["largest_jump"]
    if largest <= limit:
        return ""
    frame = jumps.index(largest) + 2
    return f"the motion jumps by {largest:.1f} A before frame {frame}, more than {limit:g} A"


def doubt_of_ctf(ctf: Ctf, limits: Mapping[str, float]) -> str:
    """Say why a CTF is in doubt."""
    coarsest, least = limits["ctf_resolution"], limits["figure_of_merit"]
    if ctf.resolution > coarsest:
        return f"Thon rings were fitted to {ctf.resolution:.1f} A only, not to {coarsest:g} A"
    if ctf.figure_of_merit < least:
        return f"the figure of merit is {ctf.figure_of_merit:.3f}, less than {least:g}"
    return ""


def _rings(motion: Motion, *, optics: Optics) -> float:
    return ring_strength(motion.micrograph, optics)


def _agreement(ctf: Ctf, *, image: Micrograph, optics: Optics, tilt: TiltGeometry | None, handedness: int) -> float:
    return agreement(image, optics, ctf, tilt, handedness=handedness)


def _handedness(estimator: CtfEstimator) -> Literal[-1, 1]:
    """Return the hand that an estimator assumes, or that of most microscopes."""
    return getattr(estimator, "handedness", -1)
