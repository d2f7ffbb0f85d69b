"""Command files (.com) of IMOD for the programs newstack and tilt, from a stack to a tomogram.

Only the options that decide what the tomogram shows are read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from tasks.formats.com_options import Options, last, model, numbered, ranges, read_options, values
from tasks.formats.text import write_lines
from tasks.models import Model

Pair = tuple[float, float]
_HEAD = "$setenv IMOD_OUTPUT_FORMAT MRC"


class Newstack(Model):
    """What newstack does: transform, bin and crop the sections of stacks."""

    inputs: Annotated[tuple[str, ...], Field(min_length=1)]
    """InputFile: the stacks, one after another."""
    sections: tuple[tuple[int, ...], ...] = ()
    """SectionsToRead: sections (from 0) of each stack; all if there is no list."""
    output: str
    """OutputFile."""
    transforms: str | None = None
    """TransformFile: one line for each section."""
    lines: tuple[int, ...] = ()
    """UseTransformLines: the lines (from 0) of the transforms; those with the numbers of the sections by default."""
    size: tuple[PositiveInt, PositiveInt] | None = None
    """SizeToOutputInXandY: columns and rows of the binned output; those of the input by default."""
    offset: Pair = (0.0, 0.0)
    """OffsetsInXandY: where the centre of the output is from that of the input, in pixels."""
    binning: PositiveInt = 1
    """BinByFactor."""
    input_binning: PositiveFloat = 1.0
    """ImagesAreBinned: how far the stack is binned already."""


class Tilt(Model):
    """What tilt does: reconstruct a tomogram from an aligned stack. Lengths are in pixels before any binning."""

    projections: str
    """InputProjections: the aligned stack."""
    output: str
    """OutputFile."""
    angles: str
    """TILTFILE: a list of tilt angles."""
    binning: PositiveInt = 1
    """IMAGEBINNED: how far the aligned stack is binned."""
    full_size: tuple[PositiveInt, PositiveInt] | None = None
    """FULLIMAGE: columns and rows of the aligned images if they were not binned."""
    subset_start: tuple[int, int] = (0, 0)
    """SUBSETSTART: first column and row of the aligned images in the full ones, if they are cut out of these."""
    thickness: PositiveInt
    """THICKNESS of the tomogram."""
    offset: float = 0.0
    """OFFSET: degree that is added to the tilt angles."""
    axis_offset: float = 0.0
    """Second value of OFFSET: where the tilt axis is from the middle."""
    x_axis_tilt: float = 0.0
    """XAXISTILT: degree by which the tomogram is turned about the x axis."""
    x_tilts: str | None = None
    """XTILTFILE: a list of such angles, one for each image."""
    shift: Pair = (0.0, 0.0)
    """SHIFT of the tomogram in x and z."""
    excluded: tuple[PositiveInt, ...] = ()
    """EXCLUDELIST: images (from 1) that are left out."""


def read_newstack(path: Path) -> Newstack:
    """Read a command file for newstack."""
    kind = "an IMOD command file for newstack"
    options = read_options(path, "newstack", kind)
    return model(Newstack, path, kind, _newstack(options, path))


def read_tilt(path: Path) -> Tilt:
    """Read a command file for tilt."""
    kind = "an IMOD command file for tilt"
    options = read_options(path, "tilt", kind)
    return model(Tilt, path, kind, _tilt(options, path))


def _newstack(options: Options, path: Path) -> Iterator[tuple[str, object]]:
    """Yield the fields that are said."""
    yield "inputs", tuple(options.get("inputfile", ()))
    yield "sections", tuple(numbered(path, text) for text in options.get("sectionstoread", ()))
    yield "lines", numbered(path, last(options, "usetransformlines") or "")
    for field, name in (("output", "outputfile"), ("transforms", "transformfile")):
        yield field, last(options, name)
    for field, name in (("size", "sizetooutputinxandy"), ("offset", "offsetsinxandy")):
        yield field, values(path, options, name)
    for field, name in (("binning", "binbyfactor"), ("input_binning", "imagesarebinned")):
        yield field, next(iter(values(path, options, name) or ()), None)


def _tilt(options: Options, path: Path) -> Iterator[tuple[str, object]]:
    """Yield the fields that are said."""
    names = {"projections": "inputprojections", "output": "outputfile", "angles": "tiltfile", "x_tilts": "xtiltfile"}
    for field, name in names.items():
        yield field, last(options, name)
    for field, name in (("binning", "imagebinned"), ("thickness", "thickness"), ("x_axis_tilt", "xaxistilt")):
        yield field, next(iter(values(path, options, name) or ()), None)
    offset = values(path, options, "offset") or ()
    yield "offset", next(iter(offset), None)
    yield "axis_offset", next(iter(offset[1:]), None)
    shift = values(path, options, "shift")
    yield "shift", (*shift, 0.0)[:2] if shift else None
    yield "full_size", values(path, options, "fullimage")
    yield "subset_start", values(path, options, "subsetstart")
    lists = [*options.get("excludelist", ()), *options.get("excludelist2", ())]
    yield "excluded", tuple(number for text in lists for number in numbered(path, text))


def write_newstack(path: Path, newstack: Newstack) -> None:
    """Write a command file that IMOD runs by ``subm``."""
    write_lines(path, (_HEAD, "$newstack -StandardInput", *newstack_options(newstack)))


def newstack_options(newstack: Newstack) -> Iterator[str]:
    """Yield the options as newstack reads them with -StandardInput."""
    yield "AntialiasFilter\t-1"
    for name in newstack.inputs:
        yield f"InputFile\t{name}"
    for sections in newstack.sections:
        yield f"SectionsToRead\t{ranges(sections)}"
    yield f"OutputFile\t{newstack.output}"
    if newstack.transforms is not None:
        yield f"TransformFile\t{newstack.transforms}"
    if newstack.lines:
        yield f"UseTransformLines\t{ranges(newstack.lines)}"
    yield from ("TaperAtFill\t1,1", "AdjustOrigin")
    if newstack.size:
        yield "SizeToOutputInXandY\t{},{}".format(*newstack.size)
    yield "OffsetsInXandY\t{:.10g},{:.10g}".format(*newstack.offset)
    yield from (f"ImagesAreBinned\t{newstack.input_binning:.10g}", f"BinByFactor\t{newstack.binning}")


def write_tilt(path: Path, tilt: Tilt) -> None:
    """Write a command file that IMOD runs by ``subm``; the tomogram has the contrast of the images."""
    write_lines(path, (_HEAD, "$tilt -StandardInput", *tilt_options(tilt)))


def tilt_options(tilt: Tilt) -> Iterator[str]:
    """Yield the options as tilt reads them with -StandardInput."""
    yield from (f"InputProjections {tilt.projections}", f"OutputFile {tilt.output}", f"IMAGEBINNED {tilt.binning}")
    yield f"TILTFILE {tilt.angles}"
    if tilt.x_tilts is not None:
        yield f"XTILTFILE {tilt.x_tilts}"
    yield from (f"THICKNESS {tilt.thickness}", "RADIAL 0.35 0.035", "FalloffIsTrueSigma 1")
    yield from (f"XAXISTILT {tilt.x_axis_tilt:.10g}", "SCALE 0.0 1.0", "PERPENDICULAR", "MODE 2")
    if tilt.full_size:
        yield "FULLIMAGE {} {}".format(*tilt.full_size)
    yield from ("SUBSETSTART {} {}".format(*tilt.subset_start), "AdjustOrigin")
    yield f"OFFSET {tilt.offset:.10g}" + (f" {tilt.axis_offset:.10g}" if tilt.axis_offset else "")
    yield "SHIFT {:.10g} {:.10g}".format(*tilt.shift)
    if tilt.excluded:
        yield f"EXCLUDELIST2 {ranges(tilt.excluded)}"
