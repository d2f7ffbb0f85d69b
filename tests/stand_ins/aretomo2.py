"""A stand-in for AreTomo2 1.1.3: aligns, or reconstructs with -AlnFile, simply."""

import sys
from pathlib import Path

from stand_ins.aretomo_lines import aln_lines, angles_in, options
from stand_ins.tilt_series import align, reconstruct, series_of, tilts_of

from tasks.formats.aln import read_aln
from tasks.formats.mrc import header, read_volume, write_mrc

KNOWN = {
    **dict.fromkeys(("-InMrc", "-OutMrc", "-AngFile", "-AlnFile", "-PixSize", "-VolZ", "-OutBin", "-AlignZ"), 1),
    **dict.fromkeys(("-DarkTol", "-FlipVol", "-Wbp", "--version"), 1),
    **dict.fromkeys(("-TiltCor", "-TiltAxis", "-Patch", "-Sart"), 2),
    "-Gpu": None,
}


def main() -> None:
    given = options(KNOWN)
    if "--version" in given:
        sys.stdout.write("AreTomo2 version 1.1.3\nBuilt on Aug 19 2024\n")
        return
    stack, target = Path(given["-InMrc"][0]), Path(given["-OutMrc"][0])
    if not stack.is_file():
        sys.stderr.write(f"Error: unable to open MRC file\n       {stack}\n")
        sys.exit(1)
    (reconstructed if "-AlnFile" in given else aligned)(given, stack, target)
    sys.stdout.write("Total time: 1.00 sec\n\n")


def aligned(given: dict[str, list[str]], stack: Path, target: Path) -> None:
    axis = float(given["-TiltAxis"][0])
    series = series_of(stack, angles_in(Path(given["-AngFile"][0])), axis, float(given["-PixSize"][0]))
    found = align(series)
    if given["-TiltCor"][0] != "-1":
        sys.stdout.write(f"Tilt offset: {0:8.2f},  CC: 0.4512\n\n")
    patches = [int(word) for word in given.get("-Patch", ["0", "0"])]
    _, rows, columns = header(stack).shape
    lines = aln_lines(series, found, (columns, rows), patches[0] * patches[1], first=0)
    target.with_name(f"{stack.stem}.aln").write_text("\n".join(["# AreTomo Alignment / Priims bprmMn ", *lines, ""]))
    write_mrc(target, read_volume(stack)[:, ::8, ::8], 1.0, stack=True)
    sys.stdout.write(f"Best tilt axis: {50:4d}, Score: {found.score:9.5f}\n\n")


def reconstructed(given: dict[str, list[str]], stack: Path, target: Path) -> None:
    binning, pixel_size = float(given["-OutBin"][0]), float(given["-PixSize"][0])
    depth = int(float(given["-VolZ"][0]) / binning) // 2 * 2
    if depth <= 16:
        return
    tilts = tilts_of(read_aln(Path(given["-AlnFile"][0])).sections, pixel_size)
    series = series_of(stack, [tilt.angle for tilt in tilts], tilts[0].axis_angle, pixel_size)
    volume = reconstruct(series, tilts, round(binning), depth)
    flipped = given.get("-FlipVol", ["0"])[0] != "0"
    write_mrc(target, volume[::-1] if flipped else volume.swapaxes(0, 1), pixel_size * binning)


main()
