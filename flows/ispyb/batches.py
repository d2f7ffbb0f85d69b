"""Rows of a batch of particles that were classified in two dimensions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.ispyb.classes import Group, Numbers, by_program, called_also, class_row
from flows.ispyb.exposures import Columns
from tasks.ispyb import Ref, Row
from tasks.models import Model
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.murfey import SpaClass2D


class FoundBatch(Model):
    """What was found of a batch."""

    number: int
    """From 1."""
    classes: Classes2D
    selected: SelectedParticles | None = None
    """None before classes were chosen."""
    pictures: Mapping[int, Path] = {}
    """Of the averages, by the numbers of the classes."""
    picker: Ref | None = None
    """The row of the particles of one of its micrographs."""


def rows_of_batch(requests: Sequence[SpaClass2D], batch: FoundBatch) -> list[Row]:
    """Return the rows of a batch for each program that asked for it; Murfey may have several numbers for a class."""
    asked = [
        Numbers(request.autoproc_program_id, request.class2d_grp_uuid, request.class_uuids)
        for request in requests
        if request.autoproc_program_id is not None
    ]
    return [row for sets in by_program(asked) for row in _rows(sets, batch)]


def _rows(sets: Sequence[Numbers], batch: FoundBatch) -> list[Row]:
    group = Group(
        type="2D",
        batch=batch.number,
        particles=batch.classes.particles,
        classes=len(batch.classes.classes),
        picker=batch.picker,
    )
    kept = {score.number: score.selected for score in batch.selected.scores} if batch.selected else {}
    rows = [group.row(sets[0])]
    for found in batch.classes.classes:
        chosen: Columns = {"selected": kept.get(found.number)}
        rows.append(class_row(sets[0], found, batch.pictures.get(found.number), chosen))
    return rows + called_also(rows, sets[1:])
