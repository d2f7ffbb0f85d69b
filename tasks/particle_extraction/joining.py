"""Join the particles of many micrographs into one STAR file."""

from collections import Counter
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

    Micrographs of equal optics share an optics group. Images of another box or pixel size than most are left out, as of
    micrographs that were taken at another magnification. Paths below ``root`` (a RELION project) become relative to it.
    """
    alike, left_out = of_one_kind(parts, star)
    first = alike[0]
    groups = OpticsGroups()
    for part in alike:
        groups.add(part.star, read_loops(part.star)["optics"])
    columns = _particles(first.star).columns
    with replacing(star) as beside, beside.open("w") as file:
        file.writelines(f"{line}\n" for line in loop_lines("optics", groups.columns, iter(groups.rows)))
        rows = _rows(alike, groups, columns, f"{root.absolute()}/" if root else "")
        file.writelines(f"{line}\n" for line in loop_lines("particles", columns, rows))
    return ParticleSet(
        star=star,
        count=sum(part.count for part in alike),
        box_size=first.box_size,
        pixel_size=first.pixel_size,
        diameter=max(part.diameter for part in alike),
        left_out=(*(reason for part in alike if isinstance(part, ParticleSet) for reason in part.left_out), *left_out),
    )


def of_one_kind(parts: Sequence[Part], star: Path) -> tuple[list[Part], list[str]]:
    """Return the parts with the box and pixel size that most particles have, and why each other one is left out."""
    if not parts:
        raise InputError(star, "the particles of no micrograph", "those of at least one")
    counts: Counter[tuple[int, float]] = Counter()
    for part in parts:
        counts[_kind(part)] += part.count
    most = max(counts, key=counts.__getitem__)
    alike = [part for part in parts if _kind(part) == most]
    others = [part for part in parts if _kind(part) != most and part.count]
    return alike, [
        f"{part.star.name}: {part.count} particles of {_shown(part)}; most have {_shown(alike[0])}" for part in others
    ]


def _kind(part: Part) -> tuple[int, float]:
    return part.box_size, round(part.pixel_size, 4)


def _shown(part: Part) -> str:
    return f"{part.box_size} pixels of {part.pixel_size:.4g} angstrom"


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
