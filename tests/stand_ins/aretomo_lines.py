"""What the stand-ins for AreTomo2 and AreTomo3 read and write alike."""

import sys
from pathlib import Path

from stand_ins.installing import record

from tasks.models import Alignment, ImagedTiltSeries


def options(known: dict[str, int | None]) -> dict[str, list[str]]:
    """Return the values of the flags that were given; note them; end with status 1 if one is not known."""
    record(sys.argv[1:])
    found: dict[str, list[str]] = {}
    for word in sys.argv[1:]:
        if word.startswith("-") and not word.lstrip("-")[:1].isdigit():
            if word not in known:
                sys.exit(f"Error: unknown tag {word}")
            found[word] = []
        else:
            list(found.values())[-1].append(word)
    for name, values in found.items():
        if known[name] is not None and len(values) > known[name]:
            sys.exit(f"Error: {len(values)} values of {name}")
    return found


def angles_in(path: Path) -> list[float]:
    """Read the tilt angles of the sections."""
    return [float(line.split()[0]) for line in path.read_text().splitlines()]


def aln_lines(series: ImagedTiltSeries, found: Alignment, size: tuple[int, int], patches: int, first: int) -> list[str]:
    """Return the header that all versions write, and the rows; sections are counted from ``first``."""
    pixel_size = series.images[0].micrograph.pixel_size
    places = {image.tilt.name: place for place, image in enumerate(series.images)}
    angles = {image.tilt.name: image.tilt.angle for image in series.images}
    lines = [f"# RawSize = {size[0]} {size[1]} {len(series.images)}", f"# NumPatches = {patches}"]
    dark = [left.name for left in found.excluded]
    lines += [f"# DarkFrame =  {places[name]:4d} {places[name] + first:4d} {angles[name]:8.2f}" for name in dark]
    rows = []
    for tilt in found.tilts:
        x, y = (length / pixel_size for length in tilt.displacement)
        rows.append(
            f"{places[tilt.name] + first:5d}  {tilt.axis_angle:9.4f}  {1:9.5f}  {x:9.3f}  {y:9.3f}"
            f"  {1:7.2f}  {1:7.2f}  {1:7.2f}  {0:7.2f}  {tilt.angle:8.2f}"
        )
    heading = "# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT"
    return [*lines, heading, *rows, *_local(len(found.tilts), size, patches)]


def _local(tilts: int, size: tuple[int, int], patches: int) -> list[str]:
    """Return a local alignment in which nothing moves."""
    places = [(index / max(patches - 1, 1) - 0.5) * 0.8 for index in range(patches)]
    rows = [
        f"{tilt:4d} {patch:3d} {place * size[0]:8.2f}  {place * size[1]:8.2f}  {0:8.2f}  {0:8.2f}  {1:4.1f}"
        for tilt in range(tilts)
        for patch, place in enumerate(places)
    ]
    return ["# Local Alignment", *rows] if patches else []
