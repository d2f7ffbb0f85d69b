"""What Murfey is told of densities. It goes on only with a number: where there is no resolution, one that is none."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flows.murfey.naming import DENSITIES, folder_of_classes
from flows.murfey.settled import Settled
from tasks.models import ParticleSet
from tasks.models.maps import Classes3D, FoundSymmetry, InitialModel, Map, Refinement
from tasks.models.resolution import PostProcessed
from tasks.murfey import Request, SpaBFactor, SpaClass3D, SpaRefine
from tasks.murfey.feedback import Done3DBatch, DoneBFactor, DoneRefinement, Feedback, SaveInitialModel

NO_RESOLUTION = 999.0
"""Is told, in angstrom, where a refinement has failed: Murfey takes 0 for one that is still to come."""
_SMALLEST = 2000
"""Murfey asks for parts of so many particles, of twice as many, and so on, below the number of the first refinement."""

Answers = Iterator[tuple[Request, Feedback]]


class _Whole(NamedTuple):
    """What a refinement came to."""

    particles: int = 0
    resolution: float | None = None
    map: Map | None = None
    mask: Path | None = None


def densities(item: Settled) -> Answers:
    """Tell that a classification has ended: first of the density that it began with, which later ones begin with too.

    If none was found Murfey is told where it would be: otherwise it would begin the next classification as the first
    one of the session once more, which it cannot. Later requests then say that file, and find a density of their own.
    """
    classes = item.found(Classes3D, "classification_3d")
    for request, occasion in item.awaited(SpaClass3D):
        common = {
            "program_id": request.autoproc_program_id,
            "session_id": request.session_id,
            "occasion": occasion,
        }
        if request.do_initial_model:
            yield request, SaveInitialModel(**common, initial_model=_first(item))
        if item.is_done and classes:
            refinement = {
                "refine_dir": item.folder / "Refine3D" / "job",
                "class3d_dir": folder_of_classes(item.folder, item.key),
                "best_class": classes.best,
            }
            yield request, Done3DBatch(**common, do_refinement=True, **refinement)
        else:
            yield request, Done3DBatch(**common, do_refinement=False)


def _first(item: Settled) -> Path:
    turned = item.found(FoundSymmetry, "symmetry_search")
    found = turned or item.found(InitialModel, "initial_model")
    return found.map.path if found else item.folder / DENSITIES / "initial_model.mrc"


def refinements(item: Settled) -> Answers:
    """Tell of a refined density: the symmetry is that of the request, as Murfey passes over others."""
    whole = _whole(item)
    density = whole.map
    nowhere = item.folder / DENSITIES / "none.mrc"
    for request, occasion in item.awaited(SpaRefine):
        yield (
            request,
            DoneRefinement(
                program_id=request.autoproc_program_id,
                session_id=request.session_id,
                symmetry=request.symmetry,
                project_dir=item.folder,
                number_of_particles=_told(whole.particles),
                resolution=whole.resolution or NO_RESOLUTION,
                refined_grp_uuid=request.refined_grp_uuid,
                refined_class_uuid=request.refined_class_uuid,
                class_reference=density.path if density else nowhere,
                class_number=request.class_number,
                mask_file=whole.mask or nowhere,
                pixel_size=density.pixel_size if density else request.pixel_size,
                occasion=occasion,
            ),
        )


def _told(particles: int) -> int:
    """Return the number of particles that is told of a refinement; Murfey uses it for its parts and its line only.

    Of too few it would ask for no part, neither now nor of any later refinement, and never begin another one. It knows
    parts by their number: of a refinement with the same number it would never take the resolution of the part.
    """
    part = _SMALLEST
    while part < particles:
        part *= 2
    return max(_SMALLEST + 1, particles - 1 if particles == part else particles)


def b_factors(item: Settled) -> Answers:
    """Tell of parts of the particles; a part that would be larger than the whole is the whole."""
    whole = _whole(item)
    for request, occasion in item.awaited(SpaBFactor):
        number = request.number_of_particles
        part = item.found(PostProcessed, f"post_processing_{number}")
        found = whole.resolution if 0 < whole.particles <= number else part.map.resolution if part else None
        yield (
            request,
            DoneBFactor(
                program_id=request.autoproc_program_id,
                session_id=request.session_id,
                number_of_particles=number,
                resolution=found or NO_RESOLUTION,
                refined_class_uuid=request.refined_class_uuid,
                occasion=occasion,
            ),
        )


def _whole(item: Settled) -> _Whole:
    """Return what all particles came to: refined if that is done, else as they were classified."""
    refinement, sharpened = item.found(Refinement, "refinement"), item.found(PostProcessed, "post_processing")
    if refinement and sharpened:
        resolution = sharpened.map.resolution or refinement.map.resolution
        return _Whole(refinement.particles.count, resolution, refinement.map, sharpened.mask)
    best, classes = item.found(ParticleSet, "best_class"), item.found(Classes3D, "classification_3d")
    if best and classes:
        return _Whole(best.count, None, classes.best_class.map, None)
    return _Whole()
