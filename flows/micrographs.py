"""The steps of one movie on the way to particles: motion, CTF, ice thickness, picking."""

from pathlib import Path

from flows.doubts import question_of_ctf, question_of_motion
from flows.micrograph_tools import MicrographTools
from flows.second_opinion import consulted
from flows.steps import Steps, made
from tasks.ice_thickness import (
    estimate_ice_thickness,
    find_ice_of_particles,
    place_of_ice_of_particles,
    place_of_ice_thickness,
)
from tasks.models import Ctf, IceThickness, Micrograph, Model, Movie, Optics, Picks
from tasks.particle_picking import pick_particles, place_of_picks


class Preprocessed(Model):
    """What was found of one movie, or of one image that was summed already."""

    micrograph: Micrograph
    optics: Optics
    ctf: Ctf
    ice: IceThickness
    picks: Picks


def preprocess(source: Movie | Micrograph, optics: Optics, tools: MicrographTools, folder: Path) -> Steps[Preprocessed]:
    """Correct the motion of a movie, estimate CTF and ice thickness of the image, and find its particles."""
    image = source if isinstance(source, Micrograph) else (yield from moved(source, tools, folder))
    ctf = yield from consulted(question_of_ctf(image, optics, tools.ctf_estimator, tools.second_opinions, folder))
    ice = yield from made(
        estimate_ice_thickness, place_of_ice_thickness, image, tools.ice_estimator, folder / "ice_thickness"
    )
    picks = yield from made(pick_particles, place_of_picks, image, tools.picker, folder / "particle_picking")
    if tools.ice_of_particles:
        given = (picks, ice, tools.ice_estimator, folder / "ice_of_particles")
        yield from made(find_ice_of_particles, place_of_ice_of_particles, *given)
    return Preprocessed(micrograph=image, optics=optics, ctf=ctf, ice=ice, picks=picks)


def moved(movie: Movie, tools: MicrographTools, folder: Path) -> Steps[Micrograph]:
    """Correct the motion of a movie; return the image."""
    question = question_of_motion(movie, tools.motion_corrector, tools.second_opinions, folder)
    return (yield from consulted(question)).micrograph
