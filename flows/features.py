"""What is found in the tomogram of a tilt series: features and particles. Their failure does not lose the tomogram."""

from pathlib import Path
from typing import TypeVar

from prefect.futures import PrefectFuture

from flows.outcomes import failure_of
from flows.records import SHORTFALLS
from flows.tools import TomographyTools
from tasks.errors import ResultError
from tasks.models import Model, Tomogram
from tasks.models.contents import Contents, Shortfall, Shortfalls
from tasks.reuse import Place, once
from tasks.segmentation import segment_tomogram
from tasks.tomogram_picking import pick_tomogram

Found = TypeVar("Found", bound=Model)

SEGMENTATION, PICKING = "segmentation", "tomogram_picking"
"""Folders of the results of a series, and steps of its results in the ledger."""


def find_features(name: str, tomogram: Tomogram, denoised: Tomogram, tools: TomographyTools, folder: Path) -> Contents:
    """Find the features and the particles of the tomogram of a series, as far as tools are chosen for them."""
    segmenting = tools.segmenter and segment_tomogram.submit(denoised, tools.segmenter, folder / SEGMENTATION)
    searched = denoised if tools.picker and tools.picker.denoised else tomogram
    picking = tools.picker and pick_tomogram.submit(name, searched, tools.picker, folder / PICKING)
    segmentation, unsegmented = spared(segmenting or None, folder / SEGMENTATION)
    picks, unpicked = spared(picking or None, folder / PICKING)
    shortfalls = Shortfalls(failed=(*unsegmented, *unpicked))
    _note(shortfalls, folder / SHORTFALLS / f"{name}.json")
    return Contents(segmentation=segmentation, picks=picks, shortfalls=shortfalls)


def spared(future: PrefectFuture[Found] | None, folder: Path) -> tuple[Found | None, list[Shortfall]]:
    """Wait for a step that the rest can do without; return what it found, or why it found nothing.

    What it found of other inputs before is no longer true of the tomogram: its record is removed.
    """
    if future is None:
        return None, []
    future.wait()
    if not future.state.is_failed():
        return future.result(), []
    for stale in folder.glob("*.json"):
        stale.unlink()
    error = future.state.result(raise_on_failure=False)
    failure = failure_of(error if isinstance(error, BaseException) else ResultError(str(error)))
    return None, [Shortfall(step=folder.name, kind=failure.kind, reason=failure.reason, log=failure.log)]


def _note(shortfalls: Shortfalls, record: Path) -> None:
    """Record what is lacking; also that nothing is any more."""
    if shortfalls.failed or record.exists():
        once(Place(record, Shortfalls, {"shortfalls": shortfalls}), lambda: shortfalls)
