"""Who asked for an exposure, in the numbers of ISPyB."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tasks.murfey import SpaPreprocess, TomoPreprocess


class Asker(NamedTuple):
    """A program that asked for an exposure."""

    program: int
    collection: int
    number: int | None
    """Which exposure of the session it is."""
    uuid: int | None
    """What Murfey calls the row of its motion."""
    picker: int | None = None
    """What Murfey calls the row of its particles."""
    foil_hole: int | None = None


def askers_of(requests: Sequence[SpaPreprocess | TomoPreprocess]) -> list[list[Asker]]:
    """Return who asked, together those of one program, which knows the same rows by several numbers.

    Requests without a program or a data collection have no place in ISPyB.
    """
    programs: dict[tuple[int, int], list[Asker]] = {}
    for asker in _askers(requests):
        programs.setdefault((asker.program, asker.collection), []).append(asker)
    return list(programs.values())


def _askers(requests: Sequence[SpaPreprocess | TomoPreprocess]) -> Iterator[Asker]:
    for request in requests:
        program, collection = request.autoproc_program_id, request.dcid
        if program is not None and collection is not None:
            more = (request.picker_uuid, request.foil_hole_id) if isinstance(request, SpaPreprocess) else ()
            yield Asker(program, collection, request.image_number, request.mc_uuid, *more)
