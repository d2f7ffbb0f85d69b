"""Rows of densities: the classes of particles in three dimensions, and the first density that they were made with."""

from collections.abc import Mapping, Sequence

from flows.ispyb.classes import Group, Numbers, by_program, called_also, class_row, seen
from flows.ispyb.exposures import Columns
from flows.ispyb.viewing import Viewing
from tasks.ispyb import Ref, Row
from tasks.models import Model
from tasks.models.maps import Classes3D, InitialModel
from tasks.murfey import SpaClass3D

_BATCH = 1
"""Murfey knows one classification in 3D of a session: each later one takes the rows of the one before."""


class FoundDensities(Model):
    """What was found of particles in three dimensions."""

    classes: Classes3D
    views: Mapping[int, Viewing] = {}
    """From where the particles of each class are seen, by its number."""
    goes_on: bool = False
    """Whether the best class is worth refining."""
    first: InitialModel | None = None
    """The density that they were made with, if it was found with them."""
    picker: Ref | None = None
    """The row of the particles of one of the micrographs."""


def rows_of_density(requests: Sequence[SpaClass3D], found: FoundDensities) -> list[Row]:
    """Return the rows of densities for each program that asked for them."""
    asked = [
        Numbers(request.autoproc_program_id, request.class3d_grp_uuid, request.class_uuids)
        for request in requests
        if request.autoproc_program_id is not None
    ]
    return [row for sets in by_program(asked) for row in _rows(sets, found)]


def _rows(sets: Sequence[Numbers], found: FoundDensities) -> list[Row]:
    classes, best = found.classes.classes, found.classes.best
    group = Group(
        type="3D",
        batch=_BATCH,
        particles=found.classes.particles,
        classes=len(classes),
        symmetry=found.classes.best_class.map.symmetry,
        picker=found.picker,
    )
    rows = [group.row(sets[0])]
    for each in classes:
        more: Columns = {"selected": found.goes_on and each.number == best}
        rows.append(class_row(sets[0], each, each.map.path, more | seen(found.views.get(each.number))))
    first = _first_rows(sets[0], [each.number for each in classes], found.first) if found.first else []
    return rows + called_also(rows, sets[1:]) + first


def _first_rows(numbers: Numbers, classes: Sequence[int], first: InitialModel) -> list[Row]:
    """Return the row of the first density, which is known by the classes that were made with it."""
    best, name = first.classes[first.best - 1], f"first density of {numbers.program}"
    density = Row(
        table="CryoemInitialModel",
        name=name,
        key={"particleClassificationId": numbers.ref_of(classes[0])},
        values={"resolution": first.map.resolution or best.resolution, "numberOfParticles": best.particles},
        program=numbers.program,
    )
    links = [
        Row(
            table="ParticleClassification_has_CryoemInitialModel",
            name=f"class {number} of {name}",
            key={"particleClassificationId": numbers.ref_of(number), "cryoemInitialModelId": Ref(row=name)},
            program=numbers.program,
        )
        for number in classes[1:]
    ]
    return [density, *links]
