"""What follows in a single-particle session that Murfey leads: files of particles, and what it asks for of them.

Murfey decides when a stage begins; it does so when it is told of a file of particles, or of the stage before. So files
follow from how the items of the session stand, and all else from that and from the requests. As without Murfey nothing
else counts: whoever makes the plan, and however often, the same follows.

An item says with how many requests for it it was made. While it is being worked on it stays as it is, whatever has
grown meanwhile; a request that came meanwhile has it wait afresh when it is settled, which costs little if nothing else
has changed. What was asked for and cannot be done becomes an item too, which is given up with the reason: so it is
answered, and Murfey goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from pydantic import JsonValue

from flows.murfey.asked import request_in
from flows.murfey.wishes import wishes_of
from flows.spa_batches import Batches, Payload, micrographs
from flows.spa_plan import (
    B_FACTOR,
    BATCH,
    CLASSES_3D,
    EXTRACTION,
    MOVIE,
    REFINEMENT,
    Wanted,
    are_settled,
    arrivals,
    density,
    extraction_payload,
    good_particles,
    is_quiet,
    is_settled,
    made_of,
)
from flows.spa_sessions import SpaSession
from tasks.ledger import Arrival, Asked, Ledger, Session, Standing, Standings, requests_for
from tasks.murfey import SpaBFactor, SpaClass2D, SpaClass3D, SpaExtract, SpaRefine

FILE = "particle_file"
BATCHES, DENSITIES = "2d/", "3d/"
"""How the keys of files begin."""
UNKNOWN, WISHES, REQUESTS, SIZES = "unknown", "wishes", "requests", "sizes"
"""What is in the payload of an item that was asked for: why it cannot be done, what the request wishes, how many
requests there were, and the numbers of particles to be refined."""

_RECIPES = tuple(each.recipe for each in (SpaExtract, SpaClass2D, SpaClass3D, SpaRefine, SpaBFactor))
_Content = Callable[[str], Payload | None]


def requests_in(ledger: Ledger, session: str) -> list[Asked]:
    """Return the requests on which the plan of a session depends."""
    return list(chain.from_iterable(requests_for(ledger, session, recipe) for recipe in _RECIPES))


def planned_by_murfey(session: Session, rules: SpaSession, items: Standings, asked: Sequence[Asked]) -> list[Arrival]:
    """Return all items that should be there beside the movies; those that are there already are not news."""
    requests, rules = _by_item(asked), _as_asked(session, rules, asked)
    over = is_quiet(items.get(MOVIE, ()), rules.quiet_after)
    wanted: dict[str, Wanted] = {EXTRACTION: _extractions(rules, items, requests)}
    over = over and are_settled(items, wanted, EXTRACTION)
    batches = _batch_files(rules, items, over=over)
    over = over and _are_classified(items, batches)
    wanted[FILE] = {f"{BATCHES}{key}": payload for key, payload in batches.items()}
    wanted[FILE] |= {f"{DENSITIES}{key}": payload for key, payload in good_particles(rules, items, over=over).items()}
    files = {each.key: each.payload for each in items.get(FILE, ())}

    def particles(key: str) -> Payload | None:
        known = files.get(f"{DENSITIES}{key}")
        return known and {**known, **density(items, key)}

    contents: Mapping[str, _Content] = {
        BATCH: lambda key: _filled(files.get(f"{BATCHES}{key}")),
        CLASSES_3D: particles,
        REFINEMENT: lambda key: _of_done(items, CLASSES_3D, key),
        B_FACTOR: lambda key: _of_done(items, REFINEMENT, key),
    }
    for kind, content in contents.items():
        wanted[kind] = dict(_asked_for(session, items.get(kind, ()), requests[kind], content))
    return arrivals(session.name, wanted)


def _by_item(asked: Sequence[Asked]) -> Mapping[str, Mapping[str, list[Asked]]]:
    """Return the requests by kind and key of the item that answers them, in the order of their receipt."""
    found: defaultdict[str, defaultdict[str, list[Asked]]] = defaultdict(lambda: defaultdict(list))
    for each in asked:
        found[each.kind][each.item].append(each)
    return found


def _as_asked(session: Session, rules: SpaSession, asked: Sequence[Asked]) -> SpaSession:
    """Return the rules with the size of batches that the first request says, unless the session says it."""
    first = next((request_in(each) for each in asked if each.recipe == SpaExtract.recipe), None)
    if not isinstance(first, SpaExtract):
        return rules
    sizes = {"batch_size": first.batch_size, "batch_size_3d": first.batch_size}
    return rules.model_copy(update={name: size for name, size in sizes.items() if name not in session.parameters})


def _extractions(rules: SpaSession, items: Standings, requests: Mapping[str, Mapping[str, list[Asked]]]) -> Wanted:
    """Extract from each micrograph that was asked for, once the diameter of the particles is known."""
    movies, diameter = {movie.key: movie for movie in items.get(MOVIE, ())}, rules.extractor.diameter
    wanted: Wanted = {}
    for key in requests[EXTRACTION]:
        if key not in movies:
            wanted[key] = {UNKNOWN: "no micrograph of this session has this name"}
        elif diameter and movies[key].state == "done":
            wanted[key] = extraction_payload(str(diameter), movies[key].digests)
    return wanted


def _batch_files(rules: SpaSession, items: Standings, *, over: bool) -> Wanted:
    """Form batches of what was extracted. Of those that are not full Murfey is told of the first one only."""
    extracted = {each.key: each for each in items.get(EXTRACTION, ())}
    files = [each for each in items.get(FILE, ()) if each.key.startswith(BATCHES)]
    there = {int(each.key.removeprefix(BATCHES)): each for each in files}
    wanted = Batches(extracted, there, rules).wanted(ended=over)
    return {
        str(number): payload
        for number, payload in wanted.items()
        if payload["complete"] or number == 1 or number in there
    }


def _are_classified(items: Standings, batches: Wanted) -> bool:
    """Tell whether each batch has been classified, or given up, as it is now."""
    there = {each.key: each for each in items.get(BATCH, ()) if is_settled(each)}
    return all(
        key in there and micrographs(there[key].payload) == micrographs(payload)
        for key, payload in batches.items()
        if micrographs(payload)
    )


def _filled(file: Payload | None) -> Payload | None:
    return file if file and micrographs(file) else None


def _of_done(items: Standings, kind: str, key: str) -> Payload | None:
    """Return what stands for the item to go on with; None if it was given up or never was."""
    return next(
        (made_of(each) for each in items.get(kind, ()) if each.key == key and each.state != "quarantined"), None
    )


def _asked_for(
    session: Session, items: Sequence[Standing], requests: Mapping[str, list[Asked]], content: _Content
) -> Iterator[tuple[str, Payload]]:
    """Yield what is to be done for requests of one kind."""
    there = {item.key: item for item in items}
    for key, asked in requests.items():
        item, now = there.get(key), content(key)
        if item and item.state == "running":
            yield key, item.payload
        elif item and item.payload.get(REQUESTS) == len(asked):
            yield key, _renewed(item.payload, now)
        else:
            yield key, _new(session, key, asked, now)


def _renewed(payload: Payload, now: Payload | None) -> Payload:
    """Return what an item is now if nobody has asked for it again: made anew if the same has been made anew."""
    if (
        now is None
        or UNKNOWN in payload
        or any(now.get(name) != payload.get(name) for name in ("micrographs", "batches"))
    ):
        return payload
    return {**payload, **now}


def _new(session: Session, key: str, asked: Sequence[Asked], now: Payload | None) -> Payload:
    requests = [request_in(each) for each in asked]
    numbers = sorted({request.number_of_particles for request in requests if isinstance(request, SpaBFactor)})
    sizes: dict[str, JsonValue] = {SIZES: [*numbers]} if numbers else {}
    made: Payload = {UNKNOWN: f"{key} is not there, or was given up"} if now is None else now
    return {**made, WISHES: wishes_of(requests[-1], session.folder), **sizes, REQUESTS: len(asked)}
