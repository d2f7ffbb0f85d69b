"""Join the particles of many micrographs into one STAR file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.errors import FormatError, InputError
from tasks.formats.files import replacing
from tasks.formats.star_rows import Loop, loop_lines, read_loops
from tasks.models import Particles, ParticleSet
from tasks.particle_extraction.optics_groups import NUMBER, OpticsGroups

Part = Particles | ParticleSet
"""Particles of a micrograph, or of several."""


def join_particles(parts: Sequence[Part], star: Path, root: Path | None = None) -> ParticleSet:
    """Write one STAR file of the particles of many micrographs, whole or not at all.

    Micrographs of equal optics share an optics group. Paths below ``root`` (a RELION project) become relative to it.
    """
    first = _alike(parts, star)
    groups = OpticsGroups()
    for part in parts:
        groups.add(part.star, read_loops(part.star)["optics"])
    columns = _particles(first.star).columns
    with replacing(star) as beside, beside.open("w") as file:
        file.writelines(f"{line}\n" for line in loop_lines("optics", groups.columns, iter(groups.rows)))
        rows = _rows(parts, groups, columns, f"{root.absolute()}/" if root else "")
        file.writelines(f"{line}\n" for line in loop_lines("particles", columns, rows))
    return ParticleSet(
        star=star,
        count=sum(part.count for part in parts),
        box_size=first.box_size,
        pixel_size=first.pixel_size,
        diameter=max(part.diameter for part in parts),
    )


def _alike(parts: Sequence[Part], star: Path) -> Part:
    """Return the first of the parts; refuse parts that do not fit together, for example of unlike boxes."""
    if not parts:
        raise InputError(star, "the particles of no micrograph", "those of at least one")
    first = parts[0]
    for part in parts:
        if (part.box_size, round(part.pixel_size, 4)) != (first.box_size, round(first.pixel_size, 4)):
            found = f"images of {part.box_size} pixels of {part.pixel_size:.4g} angstrom"
            raise InputError(part.star, found, f"{first.box_size} of {first.pixel_size:.4g} as in {first.star}")
    return first


def _rows(parts: Sequence[Part], groups: OpticsGroups, columns: tuple[str, ...], root: str) -> Iterator[str]:
    """Yield the rows of all particles, with the numbers of their optics groups in the joint file."""
    place = columns.index(NUMBER)
    for part in parts:
        loop, numbers = _particles(part.star), groups.numbers[part.star]
        if loop.columns != columns:
            raise FormatError(part.star, f"columns {' '.join(loop.columns)}", " ".join(columns))
        if len(loop.rows) != part.count:
            raise FormatError(part.star, f"{len(loop.rows)} particles", f"the {part.count} that were extracted")
        same = all(old == new for old, new in numbers.items())
        for row in loop.rows:
            renamed = row if same else _renumbered(row, place, numbers)
            yield renamed.replace(root, "") if root else renamed


def _renumbered(row: str, place: int, numbers: dict[str, str]) -> str:
    words = row.split()
    words[place] = numbers[words[place]]
    return "\t".join(words)


def _particles(star: Path) -> Loop:
    loops = read_loops(star)
    if "particles" not in loops:
        raise FormatError(star, f"loops {', '.join(loops)}", "a loop data_particles")
    return loops["particles"]
