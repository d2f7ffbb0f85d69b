"""Rows of a movie of one tilt, under the program that prepares tilts; those of its series come with its tomogram."""

from collections.abc import Sequence

from flows.ispyb.askers import askers_of
from flows.ispyb.exposures import Exposure, rows_of_exposure
from tasks.ispyb import Row
from tasks.murfey import TomoPreprocess


def rows_of_tilt_movie(requests: Sequence[TomoPreprocess], tilt: Exposure) -> list[Row]:
    """Return the rows of a tilt for each program that asked for it."""
    return [row for askers in askers_of(requests) for row in rows_of_exposure(askers, tilt)]
