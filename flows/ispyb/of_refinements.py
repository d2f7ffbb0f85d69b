"""From the ledger to the rows of a refined density, and of how its resolution grows with the number of particles."""

from collections.abc import Iterator
from typing import Final

from flows.ispyb.kept import Kept, Results, kept, latest, recorded
from flows.ispyb.of_spa import a_picker
from flows.ispyb.refinements import FoundDensity, rows_of_bfactor_message, rows_of_refinement
from flows.ispyb.viewing import viewing_of_refinement
from flows.murfey.asked import request_in
from tasks.ispyb import Row
from tasks.ledger import Ledger, all_sessions, requests_for
from tasks.models.maps import Refinement
from tasks.models.resolution import BFactorFit, Mirrored, PostProcessed, ResolutionPoint
from tasks.murfey import BFactorFitMessage, SpaBFactor, SpaRefine

REFINEMENT: Final = "refinement"
B_FACTOR: Final = "b_factor"
_SHARPENED: Final = "post_processing"
_PART: Final = f"{_SHARPENED}_"
"""Steps of some of the particles end in their number."""


def of_refinement(density: Kept) -> list[Row]:
    """Return the rows of a refined density, with all that is known by now; none before it is sharpened.

    Murfey has the same numbers for all refinements of a session, so that they have the same rows: the last one counts.
    """
    last = latest(density, SpaRefine, _SHARPENED)
    found = _found(last)
    if found is None:
        return []
    picker, rows = a_picker(density.ledger, density.session)
    return rows + rows_of_refinement(last.asked(SpaRefine), found.model_copy(update={"picker": picker}))


def of_b_factor(part: Kept) -> list[Row]:
    """Return the rows of the density that a B factor is of."""
    density = kept(part.ledger, part.session, REFINEMENT, part.item.key)
    return of_refinement(density) if density else []


def of_bfactor_message(ledger: Ledger, message: BFactorFitMessage) -> list[Row]:
    """Return the rows of the density that Murfey fitted a B factor to; none if it is none of ours."""
    for density in _named(ledger, message):
        if found := _found(density):
            picker, rows = a_picker(ledger, density.session)
            told = found.model_copy(update={"picker": picker})
            return rows + rows_of_bfactor_message(message, density.asked(SpaRefine), told)
    return []


def _named(ledger: Ledger, message: BFactorFitMessage) -> Iterator[Kept]:
    """Yield the refinements for which Murfey has a number, the last one first."""
    number = message.particle_classification_id
    for session in all_sessions(ledger):
        for asked in reversed(requests_for(ledger, session.name, SpaRefine.recipe, str(number))):
            request = request_in(asked)
            if not isinstance(request, SpaRefine) or request.autoproc_program_id != message.program_id:
                continue
            density = kept(ledger, session, REFINEMENT, asked.item)
            if density and number in {request.refined_class_uuid, request.symmetry_refined_class_uuid}:
                yield density


def _found(density: Kept) -> FoundDensity | None:
    known = density.results
    mirrored = recorded(Mirrored, known, "mirrored")
    refinement = mirrored.refinement if mirrored else recorded(Refinement, known, "refinement")
    sharpened = mirrored.sharpened if mirrored else recorded(PostProcessed, known, _SHARPENED)
    if refinement is None or sharpened is None:
        return None
    item = kept(density.ledger, density.session, B_FACTOR, density.item.key)
    parts = item.results if item else {}
    return FoundDensity(
        refinement=refinement,
        sharpened=sharpened,
        viewing=viewing_of_refinement(refinement, sharpened.masked),
        parts=tuple(_points(parts)),
        sizes=tuple(request.number_of_particles for request in item.asked(SpaBFactor)) if item else (),
        b_factor=recorded(BFactorFit, parts, "b_factor"),
    )


def _points(parts: Results) -> Iterator[ResolutionPoint]:
    for step in parts:
        if step.startswith(_PART):
            resolution = PostProcessed.model_validate(parts[step].result).map.resolution
            if resolution:
                yield ResolutionPoint(particles=int(step.removeprefix(_PART)), resolution=resolution)
