"""What follows in a single-particle session from what is done: extraction, batches, densities.

The plan is made of how the items of the session stand, and of nothing else: whoever makes it, and however often, the
same follows. Each item names what it is made of by a digest, so that it waits afresh if that has changed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from flows.spa_batches import Batches, Payload, micrographs
from flows.spa_sessions import SpaSession
from tasks.essence import digest_of
from tasks.ledger import Arrival, Standing, Standings

MOVIE, DIAMETER, EXTRACTION, BATCH = "movie", "particle_diameter", "extraction", "particle_batch"
CLASSES_3D, REFINEMENT, B_FACTOR = "classification_3d", "refinement", "b_factor"
ALL = "all"
"""The 3D classification of all particles, at the end of a session."""

Wanted = dict[str, Payload]


def planned(session: str, rules: SpaSession, items: Standings) -> list[Arrival]:
    """Return all items that should be there beside the movies; those that are there already are not news."""
    over = is_quiet(items.get(MOVIE, ()), rules.quiet_after)
    wanted: dict[str, Wanted] = {DIAMETER: _diameter(rules, items, over=over)}
    wanted[EXTRACTION] = _extractions(rules, items, wanted[DIAMETER])
    over = over and are_settled(items, wanted, DIAMETER, EXTRACTION)
    wanted[BATCH] = _batches(rules, items, over=over)
    over = over and are_settled(items, wanted, BATCH)
    piles = good_particles(rules, items, over=over)
    wanted[CLASSES_3D] = {key: payload | density(items, key) for key, payload in piles.items()}
    wanted[REFINEMENT] = _after(items, CLASSES_3D)
    wanted[B_FACTOR] = _after(items, REFINEMENT)
    return arrivals(session, wanted)


def arrivals(session: str, wanted: Mapping[str, Wanted]) -> list[Arrival]:
    """Return the items that are wanted, by kind and key, as they are announced to the ledger."""
    return [
        Arrival(session=session, kind=kind, key=key, payload=payload)
        for kind, those in wanted.items()
        for key, payload in those.items()
    ]


def is_quiet(movies: Sequence[Standing], seconds: float) -> bool:
    """Tell whether no movie has arrived for some time, and none is left to be done."""
    return all(is_settled(movie) and movie.age >= seconds for movie in movies)


def are_settled(items: Standings, wanted: Mapping[str, Wanted], *kinds: str) -> bool:
    """Tell whether all that is wanted of some kinds is there, as it should be, and done or given up."""
    return all(_are_as(items.get(kind, ()), wanted[kind]) for kind in kinds)


def _are_as(there: Sequence[Standing], wanted: Wanted) -> bool:
    by_key = {each.key: each for each in there}
    same = all(key in by_key and by_key[key].payload == payload for key, payload in wanted.items())
    return same and all(map(is_settled, there))


def is_settled(item: Standing) -> bool:
    """Tell whether an item is done or given up."""
    return item.state in {"done", "quarantined"}


def _diameter(rules: SpaSession, items: Standings, *, over: bool) -> Wanted:
    """Have the diameter of the particles settled when there are enough, unless it is given."""
    picks = sum(picks_in(movie) for movie in items.get(MOVIE, ()))
    if rules.extractor.diameter or picks < (1 if over else rules.picks_for_diameter):
        return {}
    return {"session": {"picker": digest_of(rules.picker.model_dump(mode="json"))}}


def _extractions(rules: SpaSession, items: Standings, diameter: Wanted) -> Wanted:
    """Extract from each micrograph that has particles, once their diameter is known."""
    known = str(rules.extractor.diameter or _settled_diameter(items, diameter) or "")
    if not known:
        return {}
    # One that had particles before, and has none now, is to be done again too.
    there = {each.key for each in items.get(EXTRACTION, ())}
    return {
        movie.key: extraction_payload(known, movie.digests)
        for movie in items.get(MOVIE, ())
        if picks_in(movie) or (movie.state == "done" and movie.key in there)
    }


_FOR_IMAGES = ("ctf_estimation", "particle_picking")


def extraction_payload(diameter: str, digests: Mapping[str, str]) -> Payload:
    """Return what an extraction is made of: the diameter of the particles, and the digests of a movie's results."""
    return {"of": digest_of({"diameter": diameter, **{step: digests.get(step) for step in _FOR_IMAGES}})}


def _settled_diameter(items: Standings, wanted: Wanted) -> str | None:
    """Return what stands for the diameter, if it was found with the present picker."""
    for item in items.get(DIAMETER, ()):
        if item.state == "done" and wanted.get(item.key) == item.payload:
            return item.digests.get(DIAMETER)
    return None


def picks_in(movie: Standing) -> int:
    """Return the number of particles that were picked in a movie."""
    return movie.counts.get("particle_picking", 0) if movie.state == "done" else 0


def _batches(rules: SpaSession, items: Standings, *, over: bool) -> Wanted:
    """Form batches of what was extracted."""
    extracted = {each.key: each for each in items.get(EXTRACTION, ())}
    there = {int(batch.key): batch for batch in items.get(BATCH, ())}
    wanted = Batches(extracted, there, rules).wanted(ended=over)
    return {str(number): payload for number, payload in wanted.items()}


def good_particles(rules: SpaSession, items: Standings, *, over: bool) -> Wanted:
    """Classify in 3D when the good particles of full batches suffice, have doubled, and at the end all of them."""
    batches = sorted((each for each in items.get(BATCH, ()) if _good(each)), key=lambda batch: int(batch.key))
    full = [batch for batch in batches if batch.payload["complete"]]
    wanted, chosen = {}, _doubled(full, rules.batch_size_3d)
    if chosen:
        size = rules.batch_size_3d * 2 ** _doublings(sum(map(_good, chosen)), rules.batch_size_3d)
        wanted[str(size)] = _particles_of(chosen)
    if over and len(batches) > len(chosen) and sum(map(_good, batches)) >= rules.fewest_for_3d:
        wanted[ALL] = _particles_of(batches)
    return wanted


def density(items: Standings, key: str) -> Payload:
    """Return what stands for the density of the session, with which all but the first classification begin."""
    for first in items.get(CLASSES_3D, ())[:1]:
        if first.key != key:
            return {"density": first.digests.get("symmetry_search", "")}
    return {}


def _doubled(full: Sequence[Standing], size: int) -> Sequence[Standing]:
    """Return the first batches that hold the largest of the numbers size, 2 size, 4 size ... that is there."""
    total = sum(map(_good, full))
    if total < size:
        return ()
    goal, taken = size * 2 ** _doublings(total, size), 0
    for number, batch in enumerate(full, start=1):
        taken += _good(batch)
        if taken >= goal:
            return full[:number]
    return full


def _doublings(particles: int, size: int) -> int:
    return (particles // size).bit_length() - 1


def _good(batch: Standing) -> int:
    """Return the number of particles in the good classes of a batch."""
    return batch.counts.get("class_selection", 0) if batch.state == "done" and micrographs(batch.payload) else 0


def _particles_of(batches: Sequence[Standing]) -> dict[str, Any]:
    of: dict[str, JsonValue] = {batch.key: batch.digests["class_selection"] for batch in batches}
    return {"batches": list(of), "particles": sum(map(_good, batches)), "of": digest_of(of)}


def _after(items: Standings, kind: str) -> Wanted:
    """Go on with the last one of a kind that is done."""
    done = [each for each in items.get(kind, ()) if each.state == "done"]
    return {each.key: made_of(each) for each in done[-1:]}


def made_of(item: Standing) -> Payload:
    """Return what stands for an item with which another goes on."""
    return {"of": digest_of(dict(item.digests))}
