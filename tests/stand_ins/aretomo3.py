"""A stand-in for AreTomo3 2.2.2: aligns (-Cmd 1) and reconstructs (-Cmd 2) simply."""

import sys
from pathlib import Path

from stand_ins.aretomo_lines import aln_lines, angles_in, options
from stand_ins.tilt_series import align, reconstruct, series_of, tilts_of

from tasks.formats.aln import read_aln
from tasks.formats.mrc import header, write_mrc

KNOWN = {
    **dict.fromkeys(("-Cmd", "-InPrefix", "-OutDir", "-PixSize", "-VolZ", "-AlignZ", "-DarkTol", "-Wbp"), 1),
    **dict.fromkeys(("-kV", "-Cs", "-AmpContrast", "-CorrCTF", "-FlipVol", "--version"), 1),
    **dict.fromkeys(("-TiltCor", "-TiltAxis", "-AtPatch", "-Sart"), 2),
    "-AtBin": 3,
    "-Gpu": None,
}


def main() -> None:
    given = options(KNOWN)
    if "--version" in given:
        sys.stdout.write("version 2.2.2, built on Jun 02 2025\n")
        return
    stack = Path(given["-InPrefix"][0])
    if not stack.is_file():
        sys.stderr.write("Error: no input image files are found, quit.\n")
        sys.exit(1)
    {"1": aligned, "2": reconstructed}[given["-Cmd"][0]](given, stack)
    sys.stdout.write("Total time: 1.00 sec\n\n")


def aligned(given: dict[str, list[str]], stack: Path) -> None:
    angles = angles_in(stack.with_name(f"{stack.stem}_TLT.txt"))
    axis = float(given["-TiltAxis"][0])
    series = series_of(stack, angles, axis, float(given["-PixSize"][0]))
    found = align(series)
    patches = [int(word) for word in given.get("-AtPatch", ["0", "0"])]
    _, rows, columns = header(stack).shape
    lines = aln_lines(series, found, (columns, rows), patches[0] * patches[1], first=1)
    at = next(place for place, line in enumerate(lines) if line.startswith("# SEC"))
    thickness = 60
    lines[at:at] = [f"# AlphaOffset = {0:8.2f}", f"# BetaOffset = {0:8.2f}", f"# Thickness = {thickness}"]
    target = Path(given["-OutDir"][0]) / f"{stack.stem}.aln"
    target.write_text("\n".join(["Hello", "# AreTomo Alignment / Priims bprmMn", *lines, ""]))
    sys.stdout.write(f"Best tilt axis: {50:4d}, Score: {found.score:9.5f}\n\n")


def reconstructed(given: dict[str, list[str]], stack: Path) -> None:
    alignment = read_aln(stack.with_suffix(".aln"))
    binning = float(given["-AtBin"][0])
    depth = int(float(given["-VolZ"][0]) / binning) // 2 * 2
    if depth <= 16:
        return
    if given["-CorrCTF"][0] != "0" and not stack.with_name(f"{stack.stem}_CTF.txt").is_file():
        sys.exit("no CTF")
    pixel_size = float(given["-PixSize"][0])
    tilts = tilts_of(alignment.sections, pixel_size)
    for suffix in ("", "_EVN", "_ODD"):
        source = stack.with_name(f"{stack.stem}{suffix}.mrc")
        if source.is_file():
            series = series_of(source, [tilt.angle for tilt in tilts], tilts[0].axis_angle, pixel_size)
            volume = reconstruct(series, tilts, round(binning), depth)
            flip = given.get("-FlipVol", ["0"])[0]
            turned = {"0": volume.swapaxes(0, 1), "1": volume[::-1], "2": volume}[flip]
            target = Path(given["-OutDir"][0]) / f"{stack.stem}{suffix}_Vol.mrc"
            write_mrc(target, turned, pixel_size * binning)


main()
