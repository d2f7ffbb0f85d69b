"""What is found in the tomogram of a tilt series: features and particles. Their failure does not lose the tomogram."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from prefect import Task
from prefect.futures import PrefectFuture

from flows.outcomes import failure_of
from flows.records import SHORTFALLS
from flows.tools import TomographyTools
from tasks.errors import ResultError
from tasks.models import Model, Tomogram
from tasks.models.contents import Contents, Shortfall, Shortfalls
from tasks.reuse import Place, once
from tasks.segmentation import place_of_segmentation, segment_tomogram
from tasks.tomogram_picking import pick_tomogram, place_of_tomogram_picks

Found = TypeVar("Found", bound=Model)

SEGMENTATION, PICKING = "segmentation", "tomogram_picking"
"""Folders of the results of a series, and steps of its results in the ledger."""


def find_features(name: str, tomogram: Tomogram, denoised: Tomogram, tools: TomographyTools, folder: Path) -> Contents:
    """Find the features and the particles of the tomogram of a series, as far as tools are chosen for them."""
    searched = denoised if tools.picker and tools.picker.denoised else tomogram
    segmenting = tools.segmenter and started(
        segment_tomogram, place_of_segmentation, denoised, tools.segmenter, folder / SEGMENTATION
    )
    picking = tools.picker and started(
        pick_tomogram, place_of_tomogram_picks, name, searched, tools.picker, folder / PICKING
    )
    segmentation, unsegmented = spared(*segmenting) if segmenting else (None, [])
    picks, unpicked = spared(*picking) if picking else (None, [])
    shortfalls = Shortfalls(failed=(*unsegmented, *unpicked))
    _note(shortfalls, folder / SHORTFALLS / f"{name}.json")
    return Contents(segmentation=segmentation, picks=picks, shortfalls=shortfalls)


def started(
    step: Task[..., Found], place: Callable[..., Place[Found]], *given: object
) -> tuple[PrefectFuture[Found], Path]:
    """Start a step; return its task and where its result will be recorded."""
    return step.submit(*given), place(*given).record


def spared(future: PrefectFuture[Found], record: Path) -> tuple[Found | None, list[Shortfall]]:
    """Wait for a step that the rest can do without; return what it found, or why it found nothing.

    What it found of other inputs before is no longer true of the tomogram: its record is removed.
    """
    future.wait()
    if not future.state.is_failed():
        return future.result(), []
    record.unlink(missing_ok=True)
    error = future.state.result(raise_on_failure=False)
    failure = failure_of(error if isinstance(error, BaseException) else ResultError(str(error)))
    return None, [Shortfall(step=record.parent.name, kind=failure.kind, reason=failure.reason, log=failure.log)]


def _note(shortfalls: Shortfalls, record: Path) -> None:
    """Record what is lacking; also that nothing is any more."""
    if shortfalls.failed or record.exists():
        once(Place(record, Shortfalls, {"shortfalls": shortfalls}), lambda: shortfalls)
