"""Files at the places that Murfey names: links to what lies elsewhere, so that paths that it repeats lead somewhere."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from flows.murfey.asked import requests_of_item
from tasks.formats.files import replacing
from tasks.ledger import Lease, Ledger, Result
from tasks.models import Motion
from tasks.murfey import SpaPreprocess, TomoPreprocess


def link(place: Path, target: Path) -> None:
    """Make a place lead to a file or folder; what lies there and is no link is left alone.

    The link is relative, so that it holds wherever the folders are mounted, and takes the place at once: whoever looks
    finds the old one or the new one.
    """
    if place == target or (place.exists() and not place.is_symlink()):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    way = Path(os.path.relpath(target.resolve(), place.parent.resolve()))
    if place.is_symlink() and place.readlink() == way:
        return
    with replacing(place) as beside:
        beside.symlink_to(way)


def linked(ledger: Ledger, lease: Lease, found: Iterable[Result]) -> Iterator[Result]:
    """Pass on what is found of a movie; the places that Murfey names lead to its micrograph once it is there."""
    for result in found:
        if result.step == "motion_correction":
            micrograph = Motion.model_validate(result.result).micrograph.path
            for place in places_of_micrograph(ledger, lease):
                link(place, micrograph)
        yield result


def places_of_micrograph(ledger: Ledger, lease: Lease) -> list[Path]:
    """Return where Murfey looks for the micrograph of a movie; nowhere if it did not ask for it."""
    asked = requests_of_item(ledger, lease.session, lease.kind, lease.key)
    return sorted({request.mrc_out for request in asked if isinstance(request, SpaPreprocess | TomoPreprocess)})
