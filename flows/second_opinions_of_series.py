"""Whom to ask for a second opinion on a tilt series, and when, as choices in the forms of the flows."""

from pydantic import Field, PositiveFloat

from flows.second_opinions import SecondOpinions
from tasks.tilt_series_alignment import TiltSeriesAligner


class SecondOpinionsOfSeries(SecondOpinions):
    """Tools that are asked where the result of the first one is in doubt or there is none; none to ask nobody.

    Both results are judged by what the images say, not by what the programs say of themselves; the better one is used,
    both are kept.
    """

    aligner: TiltSeriesAligner | None = None
    """Who aligns the series again where the images agree badly; what the images share decides."""
    alignment_residual: PositiveFloat = 30.0
    """Root mean square misfit in angstrom that an alignment may have."""
    alignment_score: float = Field(default=0.0, le=1)
    """Score that an alignment must reach; its scale is that of the first program."""
