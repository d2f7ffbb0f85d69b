"""When the alignment of a tilt series is in doubt, and how well its images agree with one."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from flows.mapped import Mapped, begun_in_doubt
from flows.opinion_folders import second_beside
from flows.second_opinion import Asked, Measure, Question
from flows.tools import TomographyTools
from tasks.models import Alignment, ImagedTiltSeries
from tasks.tilt_series_alignment import TiltSeriesAligner, agreement, align_tilt_series, place_of_alignment


def align(series: ImagedTiltSeries, tools: TomographyTools, folder: Path) -> Mapped[Alignment]:
    """Start the alignment of a series, unless it is done already."""
    return begun_in_doubt({series.name: question_of_alignment(series, tools, folder)})


def question_of_alignment(series: ImagedTiltSeries, tools: TomographyTools, folder: Path) -> Question[Alignment]:
    """Ask for the alignment of a series, with results in a folder of the step below ``folder``."""
    opinions = tools.second_opinions
    measure = Measure(
        "the part of its signal that an image shares with the others where the alignment says it lies",
        {"alignment_residual": opinions.alignment_residual, "alignment_score": opinions.alignment_score},
        doubt_of_alignment,
        partial(_agreement, series=series),
    )

    def asked(tool: TiltSeriesAligner, step: Path) -> Asked[Alignment]:
        return Asked(tool.tool, align_tilt_series, place_of_alignment, (series, tool, step))

    other, step = opinions.aligner, folder / "tilt_series_alignment"
    second = asked(other, second_beside(step)) if other and other != tools.aligner else None
    return Question(asked(tools.aligner, step), second, measure)


def doubt_of_alignment(alignment: Alignment, limits: Mapping[str, float]) -> str:
    """Say why an alignment is in doubt."""
    most, least = limits["alignment_residual"], limits["alignment_score"]
    if alignment.residual is not None and alignment.residual > most:
        return f"the images lie {alignment.residual:.1f} A off, more than {most:g} A"
    if alignment.score < least:
        return f"the score is {alignment.score:.3f}, less than {least:g}"
    return ""


def _agreement(alignment: Alignment, *, series: ImagedTiltSeries) -> float:
    return agreement(series, alignment)
