"""Alignments as AreTomo writes them (.aln), of its versions 1.2 to 3.

AreTomo moves an image by minus (TX, TY) and then turns it by minus ROT, so that the tilt axis becomes the y axis.
SEC numbers the sections of the stack, in some versions without the dark ones that were left out, and TILT includes
AlphaOffset: to find the exposure of a row in every version, compare ``nominal_tilt``.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.text import numbers, read_lines, write_lines
from tasks.models import Model

_KIND = "an AreTomo .aln file"
_HEADING = "# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT"
_COLUMNS = ("SEC", "ROT", "GMAG", "TX", "TY", "TILT")


class AlnSection(Model):
    """The alignment of one section."""

    section: int
    """Number of the section, from 0; some versions do not count dark ones."""
    rotation: float
    """Direction of the tilt axis in degree, counter-clockwise from the y axis."""
    magnification: float = 1.0
    shift: tuple[float, float]
    """TX and TY: displacement in pixels."""
    tilt: float
    """Tilt angle in degree, with the offset."""


class DarkFrame(Model):
    """A section that AreTomo left out because it is dark."""

    section: int
    """First number of its line: the place in the order of the tilt angle."""
    raw_section: int
    """Second number of its line: the place in the stack; not filled in by all versions."""
    tilt: float
    """Nominal tilt angle in degree."""


class AlnPatch(Model):
    """The local alignment of one patch in one section."""

    row: int
    """Which of the aligned sections, from 0."""
    patch: int
    """Which patch of the image, from 0."""
    centre: tuple[float, float]
    """Expected place of the patch from the centre of the image, in pixels."""
    shift: tuple[float, float]
    """Measured shift of it in pixels."""
    good: bool
    """Whether AreTomo trusts it."""


class Aln(Model):
    """A whole alignment."""

    raw_size: tuple[int, int, int] | None = None
    """Columns, rows and sections of the stack; version 1.2 does not say it."""
    sections: tuple[AlnSection, ...]
    dark: tuple[DarkFrame, ...] = ()
    alpha_offset: float = 0.0
    """Added to all tilt angles, in degree."""
    beta_offset: float = 0.0
    """Tilt about the x axis in degree."""
    thickness: float | None = None
    """Thickness of the specimen in pixels, where AreTomo measured it."""
    patches: tuple[AlnPatch, ...] = ()

    def nominal_tilt(self, section: AlnSection) -> float:
        """Return the tilt angle in degree that was given for a section."""
        return section.tilt - self.alpha_offset


def read_aln(path: Path) -> Aln:
    """Read an alignment of any version."""
    lines = read_lines(path, _KIND)
    # Some versions write a greeting first.
    if not any(line.startswith("# AreTomo Alignment") for line in lines[:3]):
        raise FormatError(path, f"begins with {lines[0][:40]!r}", _KIND)
    tables = _tables(path, lines)
    comments = [line for line in lines if line.startswith("#")]
    sections = tuple(_sections(path, comments, next(tables)))
    patches = tuple(_patch(path, number, words) for number, words in next(tables))
    if not sections:
        raise FormatError(path, "no aligned section", _KIND)
    size = _values(comments, "RawSize")
    thickness = _values(comments, "Thickness")
    return Aln(
        raw_size=(int(size[0]), int(size[1]), int(size[2])) if size else None,
        sections=sections,
        dark=tuple(_dark_frames(comments)),
        alpha_offset=_value(comments, "AlphaOffset"),
        beta_offset=_value(comments, "BetaOffset"),
        thickness=thickness[0] if thickness else None,
        patches=patches,
    )


def _tables(path: Path, lines: list[str]) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield the numbered rows of the sections, then those of the patches."""
    local = next((index for index, line in enumerate(lines) if line.startswith("# Local Alignment")), len(lines))
    numbered = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    table = [(number, words) for number, words in numbered if words[0][0] in "-0123456789"]
    if not table:
        raise FormatError(path, "no table", _KIND)
    yield [row for row in table if row[0] <= local]
    yield [row for row in table if row[0] > local]


def _sections(path: Path, comments: list[str], table: list[tuple[int, list[str]]]) -> Iterator[AlnSection]:
    """Yield the sections; the columns are found by their headings."""
    heading = next((line.lstrip("# ").split() for line in comments if "SEC" in line and "TILT" in line), [])
    if missing := set(_COLUMNS) - set(heading):
        raise FormatError(path, f"no column {', '.join(sorted(missing))}", _KIND)
    for number, words in table:
        if len(words) != len(heading):
            raise FormatError(path, f"line {number} has {len(words)} values", f"{len(heading)}, as its heading")
        row = dict(zip(heading, numbers(path, number, words), strict=True))
        yield AlnSection(
            section=int(row["SEC"]),
            rotation=row["ROT"],
            magnification=row["GMAG"],
            shift=(row["TX"], row["TY"]),
            tilt=row["TILT"],
        )


def _patch(path: Path, number: int, words: list[str]) -> AlnPatch:
    """Read a row of the local alignment."""
    row = numbers(path, number, words)
    if len(row) != 7:
        raise FormatError(path, f"line {number} has {len(row)} values", "7: section, patch, x, y, shifts, quality")
    return AlnPatch(
        row=int(row[0]), patch=int(row[1]), centre=(row[2], row[3]), shift=(row[4], row[5]), good=row[6] > 0
    )


def _dark_frames(comments: list[str]) -> Iterator[DarkFrame]:
    for line in comments:
        if values := _values([line], "DarkFrame"):
            yield DarkFrame(section=int(values[0]), raw_section=int(values[1]), tilt=values[2])


def _values(comments: list[str], name: str) -> list[float]:
    """Return the numbers after ``# name =`` in the first comment that has it."""
    pattern = re.compile(rf"#\s*{name}\s*=\s*(.*)")
    found = next((match for line in comments if (match := pattern.match(line))), None)
    return [float(word) for word in found[1].split()] if found else []


def _value(comments: list[str], name: str) -> float:
    return next(iter(_values(comments, name)), 0.0)


def write_aln(path: Path, alignment: Aln) -> None:
    """Write an alignment as AreTomo 3 does."""
    write_lines(path, [*_head(alignment), *map(_section_line, alignment.sections), *_patch_lines(alignment.patches)])


def _head(alignment: Aln) -> Iterator[str]:
    yield "# AreTomo Alignment / Priims bprmMn"
    if alignment.raw_size:
        yield "# RawSize = " + " ".join(map(str, alignment.raw_size))
    yield f"# NumPatches = {len({patch.patch for patch in alignment.patches})}"
    for dark in alignment.dark:
        yield f"# DarkFrame = {dark.section:5d} {dark.raw_section:4d} {dark.tilt:8.2f}"
    yield f"# AlphaOffset = {alignment.alpha_offset:8.2f}"
    yield f"# BetaOffset = {alignment.beta_offset:8.2f}"
    if alignment.thickness is not None:
        yield f"# Thickness = {alignment.thickness:g}"
    yield _HEADING


def _section_line(row: AlnSection) -> str:
    shift = f"{row.shift[0]:9.3f}  {row.shift[1]:9.3f}"
    # Mean, fit, scale and base: AreTomo itself always writes these values.
    return (
        f"{row.section:5d}  {row.rotation:9.4f}  {row.magnification:9.5f}  {shift}"
        f"  {1:7.2f}  {1:7.2f}  {1:7.2f}  {0:7.2f}  {row.tilt:8.2f}"
    )


def _patch_lines(patches: Sequence[AlnPatch]) -> Iterator[str]:
    if patches:
        yield "# Local Alignment"
    for row in patches:
        centre = f"{row.centre[0]:8.2f}  {row.centre[1]:8.2f}"
        shift = f"{row.shift[0]:8.2f}  {row.shift[1]:8.2f}"
        yield f"{row.row:4d} {row.patch:3d} {centre}  {shift}  {float(row.good):4.1f}"
