"""A stand-in for IMOD's batchruntomo to the fine alignment: aligns whole images, and writes what tiltalign writes."""

import sys
from pathlib import Path

import numpy as np
from stand_ins.imod import turned_back
from stand_ins.installing import record
from stand_ins.tilt_series import align, series_of

from tasks.formats.mrc import header

KNOWN = {"-DirectiveFile", "-CurrentLocation", "-RootName", "-EndingStep", "-CPUMachineList"}
PREFIXES = ("setupset.copyarg.", "runtime.Preprocessing.", "runtime.Fiducials.", "comparam.")
LEVEL = 1.5


def main() -> None:
    words = sys.argv[1:]
    record(words)
    given = dict(zip(words[::2], words[1::2], strict=True))
    if unknown := set(given) - KNOWN:
        sys.exit(f"ERROR: batchruntomo - Illegal option: {unknown.pop()}")
    folder, root = Path(given["-CurrentLocation"]), given["-RootName"]
    said = dict(line.split(" = ") for line in Path(given["-DirectiveFile"]).read_text().splitlines())
    sys.stdout.write(f"Starting data set {root}   at 12:12:55   [brt1]\nReached step 0\n")
    wrong = [name for name in said if not name.startswith(PREFIXES)]
    if wrong or not (folder / f"{root}.mrc").is_file():
        sys.stdout.write(f"ABORT SET: {'Bad directives' if wrong else 'Stack file does not exist'}\n")
        return
    solve(folder, root, said)
    sys.stdout.write(f"Completed dataset {root}\n")


def solve(folder: Path, root: str, said: dict[str, str]) -> None:
    stack = folder / f"{root}.mrc"
    angles = [float(line) for line in (folder / f"{root}.rawtlt").read_text().split()]
    pixel_size = 10 * float(said["setupset.copyarg.pixel"])
    series = series_of(stack, angles, float(said["setupset.copyarg.rotation"]), pixel_size)
    tilts = {int(tilt.name): tilt for tilt in align(series).tilts}
    _, rows, columns = header(stack).shape
    transforms, table = [], []
    for view, angle in enumerate(angles):
        tilt = tilts.get(view)
        linear = turned_back(series.tilt_axis_angle)
        # The place of the specimen from the centre of IMOD.
        place = np.array(tilt.displacement if tilt else (0, 0)) / pixel_size + [columns // 2 + 0.5, rows // 2 + 0.5]
        shift = -linear @ (place - [columns / 2, rows / 2])
        transforms.append("".join(f"{value:12.7f}" for value in linear.ravel()) + f"{shift[0]:12.3f}{shift[1]:12.3f}")
        if tilt:
            solved = (series.tilt_axis_angle, angle)
            table.append(
                f"{view + 1:4d} {solved[0]:9.1f} {solved[1]:9.1f}      0.00    1.0000    0.0000      0.00     0.50"
            )
    (folder / f"{root}.xf").write_text("".join(f"{line}\n" for line in transforms))
    (folder / f"{root}.tlt").write_text("".join(f"{angle:7.2f}\n" for angle in angles))
    (folder / "align.log").write_text(
        "\n view   rotation    tilt    deltilt     mag      dmag      skew    resid-nm\n"
        + "".join(f"{line}\n" for line in table)
        + "\n Residual error mean and sd:     0.500   0.300 nm\n"
        + f" Incremental tilt angle change = {LEVEL:6.2f}\n"
        + " Unbinned thickness needed to contain centers of all fiducials =          80\n"
    )


main()
