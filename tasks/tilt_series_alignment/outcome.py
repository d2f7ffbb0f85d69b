"""Write an alignment for other programs: .aln, .xf and .tlt."""

from pathlib import Path

from tasks.formats.aln import Aln, DarkFrame, write_aln
from tasks.formats.tlt import write_tlt
from tasks.formats.xf import write_xf
from tasks.models import Exclusion, ImagedTiltSeries, TiltAlignment
from tasks.tilt_series_alignment.conventions import to_aretomo, to_imod


def write_alignment(
    series: ImagedTiltSeries,
    tilts: tuple[TiltAlignment, ...],
    excluded: tuple[Exclusion, ...],
    shape: tuple[int, int],
    folder: Path,
) -> Path:
    """Write the alignment of a series in several formats and return the .xf file."""
    folder.mkdir(parents=True, exist_ok=True)
    pixel_size = series.images[0].micrograph.pixel_size
    transforms = folder / f"{series.name}.xf"
    write_xf(transforms, [to_imod(tilt, pixel_size, shape) for tilt in tilts])
    write_tlt(transforms.with_suffix(".tlt"), [tilt.angle for tilt in tilts])
    write_aln(transforms.with_suffix(".aln"), _aln(series, tilts, excluded, shape))
    return transforms


def _aln(
    series: ImagedTiltSeries,
    tilts: tuple[TiltAlignment, ...],
    excluded: tuple[Exclusion, ...],
    shape: tuple[int, int],
) -> Aln:
    """Return the alignment as AreTomo says it; sections are counted in order of the tilt angle."""
    ordered = sorted(series.images, key=lambda image: image.tilt.angle)
    places = {image.tilt.name: place for place, image in enumerate(ordered)}
    left_out = [exclusion.name for exclusion in excluded if exclusion.name in places]
    pixel_size = ordered[0].micrograph.pixel_size
    return Aln(
        raw_size=(shape[1], shape[0], len(ordered)),
        sections=tuple(to_aretomo(tilt, places[tilt.name], pixel_size) for tilt in tilts),
        dark=tuple(
            DarkFrame(section=places[name], raw_section=places[name] + 1, tilt=ordered[places[name]].tilt.angle)
            for name in left_out
        ),
    )
