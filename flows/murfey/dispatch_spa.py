"""What requests about single particles want done."""

from flows.murfey.asked import request_in
from flows.murfey.dispatch_movies import payload_of, session_parameters
from flows.murfey.dispatch_sessions import joined, session_of, session_with, site_parameters
from flows.murfey.dispatch_work import Work
from flows.murfey.naming import item_of
from flows.parameters import Tree
from flows.spa_plan import extraction_payload
from tasks.ledger import Arrival, Ledger, Session, requests_for, results_of, set_parameters
from tasks.murfey import SpaBFactor, SpaClass2D, SpaClass3D, SpaExtract, SpaPreprocess, SpaRefine
from tasks.particle_picking import has_one_diameter

_CORRECTED = "_motion_corrected"
_BOX = 1.2
"""Side of a box in diameters of the particle, as those who answered Murfey before have it."""
_SIDES = "box_size", "binned_size"
_AROUND = 0.9, 1.1
"""The sizes of particles that are looked for, in the diameter that is said."""


def movie(ledger: Ledger, request: SpaPreprocess) -> Work:
    """Have a movie processed as far as its picks."""
    said = joined(session_parameters(request), _of_particles(request.particle_diameter))
    session = session_of(ledger, request, "spa", said)
    key = str(request.movie)
    arrival = Arrival(session=session.name, kind=request.kind, key=key, payload=payload_of(request))
    return Work(session, key, request.key, (arrival,))


def extraction(ledger: Ledger, request: SpaExtract) -> Work:
    """Have the particles of a micrograph extracted; the first request says their diameter for the session."""
    session = with_boxes(ledger, session_with(ledger, request.path), request)
    key, diameter = _movie(ledger, session, request), _diameter(session.parameters)
    found = results_of(ledger, session.name, SpaPreprocess.kind, [key]).get(key, {})
    if diameter is None or not found:
        # Left to the plan, which begins when there are picks and a diameter.
        return Work(session, key, request.key)
    # As the plan has it, which takes long to look at all micrographs, and thousands of requests may come at once.
    payload = extraction_payload(str(diameter), {step: result.digest for step, result in found.items()})
    arrival = Arrival(session=session.name, kind=request.kind, key=key, payload=payload)
    return Work(session, key, request.key, (arrival,))


def average(ledger: Ledger, request: SpaClass2D | SpaClass3D | SpaRefine | SpaBFactor) -> Work:
    """Have particles averaged: what is to be done for that is left to the plan of the session."""
    session = session_with(ledger, request.path)
    item, key = item_of(ledger, session, request), request.key
    if isinstance(request, SpaBFactor):
        # The words are the same for each refinement, so the broker's repeating them tells nothing.
        key = f"{key} {len(requests_for(ledger, session.name, SpaRefine.recipe))}"
    return Work(session, item, key)


def _movie(ledger: Ledger, session: Session, request: SpaExtract) -> str:
    """Return the movie of a micrograph, which is mostly called like it."""
    stem = request.micrographs_file.stem.removesuffix(_CORRECTED)
    for asked in requests_for(ledger, session.name, SpaPreprocess.recipe, keyed=stem):
        known = request_in(asked)
        if isinstance(known, SpaPreprocess) and known.mrc_out == request.micrographs_file:
            return asked.item
    return item_of(ledger, session, request)


def with_boxes(ledger: Ledger, session: Session, request: SpaExtract) -> Session:
    """Return a session whose particles have a diameter: that which was known first, because it decides the boxes.

    Where Murfey says the boxes instead, the diameter is the one for which it would have said them.
    """
    diameter = request.particle_diameter or (request.boxes and round(request.boxes[0] * request.pixel_size / _BOX, 1))
    if diameter is None or _diameter(session.parameters) is not None:
        return session
    known = session.parameters.get("extractor")
    sides = dict(zip(_SIDES, request.boxes or (), strict=False))
    # What the site has set for its boxes stays: Murfey has numbers of its own, whatever the particles are.
    said = {} if isinstance(known, dict) and any(map(known.get, _SIDES)) else sides
    parameters = joined(session.parameters, {"extractor": {"diameter": diameter, **said}})
    changed = session.model_copy(update={"parameters": parameters})
    set_parameters(ledger, changed)
    return changed


def _diameter(parameters: Tree) -> float | None:
    extractor = parameters.get("extractor")
    known = extractor.get("diameter") if isinstance(extractor, dict) else None
    return None if known is None else float(known)


def _of_particles(diameter: float | None) -> Tree:
    """Return the parameters that the size of the particles decides."""
    if diameter is None:
        return {}
    picker = site_parameters("spa").get("picker") or {}
    one = has_one_diameter(picker.get("tool"))
    smallest, largest = (round(share * diameter, 1) for share in _AROUND)
    sizes: Tree = {"diameter": diameter} if one else {"diameter_range": [smallest, largest]}
    return {"extractor": {"diameter": diameter}, "picker": sizes}
