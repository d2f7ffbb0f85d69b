"""What ISPyB's pages show of the contents of a tomogram: labels with pictures beside them, and where particles are."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from shutil import copyfile

from flows.ispyb.drawing import beside, drawn
from flows.ispyb.kept import Results, recorded
from flows.ispyb.pictures import pictures_of_volume
from flows.records import SHORTFALLS
from tasks.formats.files import replacing
from tasks.images.small_labels import write_small_labels
from tasks.models import Model, TomogramPicks
from tasks.models.contents import Shortfalls
from tasks.models.segmentation import Segmentation

_BLACK_AND_WHITE = (0.0, 1.0)
# The pages fail for a tomogram with any other, although the database knows more.
_SHOWN = {"membrane", "ribosome", "microtubule", "tric"}


class ShownContents(Model):
    """What is told of the contents of a tomogram."""

    segmented: Path | None = None
    features: Mapping[str, Path] = {}
    picked: Path | None = None


def contents_of(results: Results) -> ShownContents:
    """Draw what the pages show of the contents of a tomogram; nothing of a step that failed since."""
    lacking = recorded(Shortfalls, results, SHORTFALLS) or Shortfalls()
    segmentation = None if lacking.of("segmentation") else recorded(Segmentation, results, "segmentation")
    picks = None if lacking.of("tomogram_picking") else recorded(TomogramPicks, results, "tomogram_picking")
    if segmentation:
        pictures_of_volume(segmentation.features[0].labels, _BLACK_AND_WHITE)
    return ShownContents(
        segmented=segmentation.features[0].labels if segmentation else None,
        features=_small(segmentation) if segmentation else {},
        picked=_picked(picks) if picks else None,
    )


def _small(segmentation: Segmentation) -> dict[str, Path]:
    shown = [feature for feature in segmentation.features if feature.name in _SHOWN]
    small = {
        each.name: drawn(
            beside(each.labels, "_bin4.mrc"),
            [each.labels],
            partial(write_small_labels, labels=each.labels, voxel_size=segmentation.voxel_size),
        )
        for each in shown
    }
    return {name: path for name, path in small.items() if path}


def _picked(picks: TomogramPicks) -> Path | None:
    """Return the name by which the pages find the picture of the particles: they ask for that beside a CBOX file."""
    diagnostic, named = picks.diagnostic, picks.coordinates.with_suffix(".cbox")
    if diagnostic is None:
        return None
    thumbnail = drawn(beside(named, "_thumbnail.jpeg"), [diagnostic], lambda to: _copy(diagnostic, to))
    return named if thumbnail else None


def _copy(picture: Path, to: Path) -> None:
    with replacing(to) as copy:
        copyfile(picture, copy)
