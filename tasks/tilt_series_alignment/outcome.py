"""Write an alignment for other programs: .aln, .xf and .tlt, and command files for IMOD."""

from collections.abc import Sequence
from pathlib import Path

from tasks.formats.aln import Aln, AlnPatch, DarkFrame, write_aln
from tasks.formats.com import write_newstack, write_tilt
from tasks.formats.tlt import write_tlt
from tasks.formats.xf import write_xf
from tasks.models import Alignment, ImagedTiltSeries
from tasks.tilt_series_alignment.conventions import to_aretomo, to_imod
from tasks.tilt_series_alignment.imod import newstack, tilt


def transforms_of(series: ImagedTiltSeries, folder: Path) -> Path:
    """Return where the .xf file of a series is."""
    return folder / f"{series.name}.xf"


def write_alignment(
    series: ImagedTiltSeries, alignment: Alignment, shape: tuple[int, int], patches: Sequence[AlnPatch] = ()
) -> Alignment:
    """Write the alignment of a series in several formats, beside its .xf file, and return it.

    Only the .aln file holds the local alignment of patches.
    """
    pixel_size = series.images[0].micrograph.pixel_size
    transforms = alignment.transforms
    transforms.parent.mkdir(parents=True, exist_ok=True)
    write_xf(transforms, [to_imod(tilt, pixel_size, shape) for tilt in alignment.tilts])
    write_tlt(transforms.with_suffix(".tlt"), [tilt.angle for tilt in alignment.tilts])
    write_aln(transforms.with_suffix(".aln"), _aln(series, alignment, shape, patches))
    write_newstack(transforms.with_name(f"{series.name}_newst.com"), newstack(series, alignment, shape))
    write_tilt(transforms.with_name(f"{series.name}_tilt.com"), tilt(series, alignment, shape))
    return alignment


def _aln(series: ImagedTiltSeries, alignment: Alignment, shape: tuple[int, int], patches: Sequence[AlnPatch]) -> Aln:
    """Return the alignment as AreTomo says it; sections are counted in order of the tilt angle."""
    ordered = sorted(series.images, key=lambda image: image.tilt.angle)
    places = {image.tilt.name: place for place, image in enumerate(ordered)}
    left_out = [exclusion.name for exclusion in alignment.excluded if exclusion.name in places]
    pixel_size = ordered[0].micrograph.pixel_size
    return Aln(
        raw_size=(shape[1], shape[0], len(ordered)),
        sections=tuple(to_aretomo(tilt, places[tilt.name], pixel_size) for tilt in alignment.tilts),
        dark=tuple(
            DarkFrame(section=places[name], raw_section=places[name] + 1, tilt=ordered[places[name]].tilt.angle)
            for name in left_out
        ),
        alpha_offset=alignment.tilt_offset or 0.0,
        patches=tuple(patches),
        thickness=None if alignment.thickness is None else round(alignment.thickness / pixel_size),
    )
