"""Rows of a refined density, and of how its resolution grows with the number of particles.

Other than the writer that ISPyB's pages were made for, the resolution is the one within the mask, not that of the last
iteration.
"""

from collections.abc import Sequence

from flows.ispyb.classes import Group, Numbers, by_program, called_also, class_row, seen
from flows.ispyb.exposures import Columns
from flows.ispyb.viewing import Viewing
from tasks.ispyb import Ref, Row
from tasks.models import Model
from tasks.models.classes import ClassStatistics
from tasks.models.maps import Refinement
from tasks.models.resolution import BFactorFit, PostProcessed, ResolutionPoint
from tasks.murfey import BFactorFitMessage, SpaRefine

_BATCH = 1
_CLASS = 1
_NO_SYMMETRY = "C1"


class FoundDensity(Model):
    """What was found of a refined density."""

    refinement: Refinement
    sharpened: PostProcessed
    parts: tuple[ResolutionPoint, ...] = ()
    """What numbers of its particles were refined to."""
    sizes: tuple[int, ...] = ()
    """Numbers of particles of which Murfey wants to know the resolution."""
    b_factor: BFactorFit | None = None
    viewing: Viewing | None = None
    """From where its particles are seen."""
    picker: Ref | None = None
    """The row of the particles of one of the micrographs."""

    @property
    def is_measured(self) -> bool:
        """Whether all that Murfey was told was found: for want of a resolution it is told another, so that it goes on.

        A line through such resolutions is of no meaning.
        """
        whole = self.sharpened.map.resolution or self.refinement.map.resolution
        return bool(whole and self.sizes) and set(self.sizes) <= {part.particles for part in self.parts}

    @property
    def points(self) -> list[ResolutionPoint]:
        """All refinements with their resolutions, by number of particles."""
        count, resolution = self.refinement.particles.count, self.sharpened.map.resolution
        whole = [ResolutionPoint(particles=count, resolution=resolution)] if resolution and count else []
        return sorted([*self.parts, *whole], key=lambda point: point.particles)


def rows_of_refinement(requests: Sequence[SpaRefine], found: FoundDensity) -> list[Row]:
    """Return the rows of a refined density for each program that asked for it.

    Who awaits answers fits the resolutions itself, and tells us the line: ours is told where that means nothing.
    """
    is_fitted = any(request.feedback_queue for request in requests) and found.is_measured
    return _rows(requests, found, {} if is_fitted else _line(found.b_factor))


def rows_of_bfactor_message(
    message: BFactorFitMessage, requests: Sequence[SpaRefine], found: FoundDensity
) -> list[Row]:
    """Return the rows of a refined density with the line that Murfey fitted, if it means anything."""
    if not found.is_measured:
        return rows_of_refinement(requests, found)
    fitted: Columns = {
        "bFactorFitIntercept": message.bfactor_fit_intercept,
        "bFactorFitLinear": message.bfactor_fit_linear,
    }
    return _rows(requests, found, fitted)


def _line(fit: BFactorFit | None) -> Columns:
    return {"bFactorFitIntercept": fit.intercept, "bFactorFitLinear": fit.slope} if fit else {}


def _rows(requests: Sequence[SpaRefine], found: FoundDensity, line: Columns) -> list[Row]:
    asked = [numbers for request in requests for numbers in _numbers(request, found.refinement.map.symmetry)]
    return [row for sets in by_program(asked) for row in _of_program(sets, found, line)]


def _numbers(request: SpaRefine, symmetry: str) -> list[Numbers]:
    """Return what Murfey calls the density: it has numbers for one with and one without symmetry, of which we make one.

    Its later messages name the one without, whatever the symmetry; the last one here is said first.
    """
    program = request.autoproc_program_id
    if program is None:
        return []
    plain = Numbers(program, request.refined_grp_uuid, _one(request.refined_class_uuid))
    if symmetry == _NO_SYMMETRY:
        return [plain]
    return [plain, Numbers(program, request.symmetry_refined_grp_uuid, _one(request.symmetry_refined_class_uuid))]


def _one(uuid: int | None) -> tuple[int, ...]:
    return () if uuid is None else (uuid,)


def _of_program(sets: Sequence[Numbers], found: FoundDensity, line: Columns) -> list[Row]:
    refinement = found.refinement
    group = Group(
        type="3D",
        batch=_BATCH,
        particles=refinement.particles,
        classes=1,
        symmetry=refinement.map.symmetry,
        for_each_symmetry=True,
        picker=found.picker,
    )
    more: Columns = {"selected": True, **seen(found.viewing), **line}
    density = class_row(sets[0], _as_class(found), found.sharpened.masked, more)
    rows = [group.row(sets[0]), density]
    return rows + called_also(rows, sets[1:]) + [_point_row(sets[0], point, found) for point in found.points]


def _as_class(found: FoundDensity) -> ClassStatistics:
    """Return the density as the one class of all its particles."""
    refinement = found.refinement
    return ClassStatistics(
        number=_CLASS,
        particles=refinement.particles.count,
        fraction=1.0,
        resolution=found.sharpened.map.resolution,
        rotation_accuracy=refinement.rotation_accuracy,
        translation_accuracy=refinement.translation_accuracy,
        completeness=refinement.completeness,
    )


def _point_row(numbers: Numbers, point: ResolutionPoint, found: FoundDensity) -> Row:
    return Row(
        table="BFactorFit",
        name=f"{point.particles} particles of {numbers.program}",
        key={"particleClassificationId": numbers.ref_of(_CLASS), "numberOfParticles": point.particles},
        values={"resolution": point.resolution, "particleBatchSize": found.refinement.particles.count},
        program=numbers.program,
    )
