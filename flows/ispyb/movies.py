"""Rows of a movie of single particles: those of the exposure, the ice on it, and its particles."""

from collections.abc import Sequence

from flows.ispyb.askers import Asker, askers_of
from flows.ispyb.exposures import Exposure, again, ref, rows_of_exposure, shown
from tasks.ispyb import Ref, Row
from tasks.models import IceThickness, Picks
from tasks.murfey import SpaPreprocess
from tasks.particle_picking import EmbeddedPicking, ParticlePicker, Topaz

_UNIT_OF_ICE = 10_000.0
"""The columns have no unit, and the pages count from 10000 in steps of 1000: no thickness is 10000, and each mean free
path of the electrons 10000 more."""
_FIVE = ("minimum", "q1", "median", "q3", "maximum")


class SpaMovie(Exposure):
    """What was found of a movie of single particles, and with what."""

    picker: ParticlePicker = EmbeddedPicking()
    ice: IceThickness | None = None
    picks: Picks | None = None
    """No particle is a result too; None if none was looked for yet."""


def rows_of_movie(requests: Sequence[SpaPreprocess], movie: SpaMovie) -> list[Row]:
    """Return the rows of a movie for each program that asked for it."""
    return [row for askers in askers_of(requests) for row in _rows(askers, movie)]


def picker_of(requests: Sequence[SpaPreprocess], movie: SpaMovie) -> tuple[Ref, list[Row]] | None:
    """Return the row of the particles of a movie, with the rows that it hangs on; None if there is none."""
    for askers in askers_of(requests):
        if movie.picks:
            return ref("picker", askers[0]), _rows(askers, movie)
    return None


def _rows(askers: Sequence[Asker], movie: SpaMovie) -> list[Row]:
    rows, asker = rows_of_exposure(askers, movie), askers[0]
    if movie.ice:
        rows.append(_ice_row(asker, movie.ice))
    if movie.picks:
        picker = _picker_row(asker, movie, movie.picks)
        rows += [picker, *(again(picker, each.picker) for each in askers[1:])]
    return rows


def _ice_row(asker: Asker, ice: IceThickness) -> Row:
    return Row(
        table="RelativeIceThickness",
        name=ref("ice", asker).row,
        key={"autoProcProgramId": asker.program, "motionCorrectionId": ref("motion", asker)},
        values={name: _UNIT_OF_ICE * (1 + figure) for name, figure in zip(_FIVE, ice.figures, strict=True)},
        program=asker.program,
    )


def _picker_row(asker: Asker, movie: SpaMovie, picks: Picks) -> Row:
    """Return the row of the particles, without which the pages do not plot the CTF of a micrograph.

    The diameter is in angstrom, like all that was ever written there, though the column's comment says nanometre.
    """
    return Row(
        table="ParticlePicker",
        name=ref("picker", asker).row,
        key={"programId": asker.program, "firstMotionCorrectionId": ref("motion", asker)},
        values={
            "particlePickingTemplate": movie.picker.model if isinstance(movie.picker, Topaz) else picks.program,
            "particleDiameter": picks.diameter,
            "numberOfParticles": picks.count,
            "summaryImageFullPath": shown(movie.pictures.picks),
        },
        program=asker.program,
        uuid=asker.picker,
    )
