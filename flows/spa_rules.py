"""When the particles of a session are enough for what: the rules by which single-particle stages follow each other."""

from collections.abc import Set as AbstractSet

from pydantic import NonNegativeFloat, PositiveInt

from tasks.models import Model


class SpaRules(Model):
    """When the stages after picking begin, while movies are still arriving."""

    picks_for_diameter: PositiveInt = 2000
    """Particles that must have been picked before their diameter, and with it the box, is settled for the session."""
    incomplete_batch_size: PositiveInt = 10_000
    """The first batch is classified already when it holds this many particles, and each time as many have come.
    Batches are of whole micrographs, so that each may hold some more particles than it should."""
    batch_size_3d: PositiveInt = 50_000
    """Particles of good classes for the first 3D classification; the next ones have twice as many each."""
    fewest_for_3d: PositiveInt = 1000
    """Particles of good classes that are worth a 3D classification at the end of a session."""
    quiet_after: NonNegativeFloat = 1500
    """Seconds without a movie after which all that is left is classified."""


_KINDS = {
    "extractor": "extraction",
    "classifier_2d": "particle_batch",
    "selector": "particle_batch",
    "model_finder": "classification_3d",
    "symmetry_search": "classification_3d",
    "classifier_3d": "classification_3d",
    "worth_refining": "classification_3d",
    "refiner": "refinement",
    "post_processor": "refinement",
    "hand": "refinement",
    "smallest_subset": "b_factor",
    "b_factor_fitter": "b_factor",
}
_RULES = {*SpaRules.model_fields, "batch_size"}


def kinds_of_particles(parameters: AbstractSet[str]) -> tuple[str, ...]:
    """Return the kinds of items that a change of parameters matters to at once; what is made of those follows.

    Rules change no item, but what follows; without parameters all kinds are to be looked at.
    """
    if not parameters:
        return tuple(sorted({"movie", "particle_diameter", "particle_file", *_KINDS.values()}))
    return tuple(sorted({_KINDS.get(name, "movie") for name in parameters - _RULES}))
