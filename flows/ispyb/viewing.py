"""From where the particles of a density are seen: what ISPyB's pages show and tell of it.

They ask for the picture by the name of the density: ``x.mrc`` has ``x_angdist.jpeg`` beside it.
"""

import logging
from pathlib import Path

from flows.ispyb.drawing import beside, drawn
from tasks.errors import CryoemError
from tasks.images import save_picture
from tasks.images.orientations import Views, picture_orientations, read_views
from tasks.models import Model, ParticleSet
from tasks.models.maps import Classes3D, Refinement
from tasks.numerics.viewing import efficiency

_TILT = 30.0
"""Tilt of the stage that is suggested, in degree."""
_ENOUGH = 0.65
"""Angular efficiency from which on none is suggested."""
_log = logging.getLogger(__name__)


class Viewing(Model):
    """From where the particles of a density are seen; None for what cannot be told."""

    picture: Path | None = None
    efficiency: float | None = None
    """How even the resolution is in all directions, from 0 to 1."""
    suggested_tilt: float | None = None
    """Tilt of the stage in degree that would make it more even."""


def viewing_of_classes(classes: Classes3D) -> dict[int, Viewing]:
    """Picture from where the particles of each class are seen, beside its density; by the numbers of the classes."""
    particles = classes.particles
    views = _read(particles)
    return {
        each.number: _viewing(particles, views.of_class(each.number), each.map.path, each.map.symmetry)
        if views
        else Viewing()
        for each in classes.classes
    }


def viewing_of_refinement(refinement: Refinement, shown: Path) -> Viewing:
    """Picture from where the particles of a refined density are seen, beside the density that is shown of it."""
    views = _read(refinement.particles)
    return _viewing(refinement.particles, views, shown, refinement.map.symmetry) if views else Viewing()


def _read(particles: ParticleSet) -> Views | None:
    try:
        return read_views(particles.star)
    except CryoemError as reason:
        _log.warning("nothing is told of views: %s", reason)
        return None


def _viewing(particles: ParticleSet, views: Views, density: Path, symmetry: str) -> Viewing:
    """Return what is told of some views; of a class without particles there is nothing."""
    if not len(views.rot):
        return Viewing()
    found = efficiency(views.counted, symmetry, particles.diameter)
    return Viewing(
        picture=drawn(
            beside(density, "_angdist.jpeg"),
            [particles.star],
            lambda to: save_picture(to, picture_orientations(views, symmetry, f"angular efficiency {found:.2f}")),
        ),
        efficiency=found,
        suggested_tilt=0.0 if found > _ENOUGH else _TILT,
    )
