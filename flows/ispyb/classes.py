"""Rows of classes of particles: images in two dimensions, or densities."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Self

from flows.ispyb.exposures import Columns, shown
from flows.ispyb.viewing import Viewing
from tasks.ispyb import Ref, Row
from tasks.models import Model, ParticleSet
from tasks.models.classes import ClassStatistics

_NOT_TOLD = 0.0
"""Of a resolution or a completeness: the pages take it for the worst, and what stood there before has to go."""
_GROUP = "ParticleClassificationGroup"


class Numbers(NamedTuple):
    """A program that asked for classes, and what Murfey calls their rows."""

    program: int
    group: int | None = None
    classes: tuple[int, ...] = ()
    """In order of the classes' numbers."""

    @property
    def ref(self) -> Ref:
        """What names the row of the group within a delivery."""
        return Ref(row=f"group of {self.program}")

    def ref_of(self, number: int) -> Ref:
        """Return what names the row of a class within a delivery."""
        return Ref(row=f"class {number} of {self.program}")

    def uuid_of(self, number: int) -> int | None:
        """Return what Murfey calls a class."""
        return self.classes[number - 1] if number <= len(self.classes) else None


class Group(Model):
    """Particles that were classified together."""

    type: Literal["2D", "3D"]
    batch: int
    particles: ParticleSet
    classes: int
    """Number of classes."""
    symmetry: str = "C1"
    for_each_symmetry: bool = False
    """Whether there may be such a group of each symmetry."""
    picker: Ref | None = None
    """The row of the particles of one of its micrographs: the pages show no group without."""

    def row(self, numbers: Numbers) -> Row:
        """Return the row of the group."""
        known: Columns = {"programId": numbers.program, "type": self.type, "batchNumber": self.batch}
        symmetry: Columns = {"symmetry": self.symmetry}
        told: Columns = {
            "particlePickerId": self.picker,
            "numberOfParticlesPerBatch": self.particles.count,
            "numberOfClassesPerBatch": self.classes,
            "binnedPixelSize": self.particles.pixel_size,
        }
        return Row(
            table=_GROUP,
            name=numbers.ref.row,
            key=known | symmetry if self.for_each_symmetry else known,
            values=told if self.for_each_symmetry else told | symmetry,
            program=numbers.program,
            uuid=numbers.group,
        )

    def showing(self, picker: Ref | None) -> Self:
        """Return the same with the row of some of its particles."""
        return self.model_copy(update={"picker": picker})


def class_row(numbers: Numbers, found: ClassStatistics, image: Path | None, more: Columns) -> Row:
    """Return the row of one class."""
    return Row(
        table="ParticleClassification",
        name=numbers.ref_of(found.number).row,
        key={"particleClassificationGroupId": numbers.ref, "classNumber": found.number},
        values={
            "classImageFullPath": shown(image),
            "particlesPerClass": found.particles,
            "classDistribution": found.fraction,
            "rotationAccuracy": found.rotation_accuracy,
            "translationAccuracy": found.translation_accuracy,
            "estimatedResolution": found.resolution or _NOT_TOLD,
            "overallFourierCompleteness": found.completeness or _NOT_TOLD,
            **more,
        },
        program=numbers.program,
        uuid=numbers.uuid_of(found.number),
    )


def seen(viewing: Viewing | None) -> Columns:
    """Return what is told of from where the particles of a density are seen."""
    return {"angularEfficiency": viewing.efficiency, "suggestedTilt": viewing.suggested_tilt} if viewing else {}


def called_also(rows: Sequence[Row], numbers: Sequence[Numbers]) -> list[Row]:
    """Return group and classes once more for each further set of numbers that their program has for them."""
    return [_called(row, more) for more in numbers for row in rows if row.uuid is not None]


def by_program(numbers: Sequence[Numbers]) -> list[list[Numbers]]:
    """Return the different sets of numbers of each program, the last one first: it is the one that counts."""
    programs: dict[int, dict[Numbers, None]] = {}
    for each in reversed(numbers):
        programs.setdefault(each.program, {})[each] = None
    return [list(sets) for sets in programs.values()]


def _called(row: Row, numbers: Numbers) -> Row:
    number = row.key.get("classNumber")
    uuid = numbers.group if row.table == _GROUP else numbers.uuid_of(int(str(number)))
    return row.model_copy(update={"name": f"{row.name} as {uuid}", "uuid": uuid})
