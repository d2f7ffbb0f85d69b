"""What stands in for the motion correction of AreTomo3: one shift for each frame of the movies of an mdoc file."""

import sys
from pathlib import Path

import numpy as np
from stand_ins.moved_frames import align, bin_sum, gain_of, options

from tasks.formats.frames import read_frames
from tasks.formats.mdoc import read_mdoc
from tasks.formats.mrc import write_mrc
from tasks.models import Acquisition, EerSampling, Movie

TAGS = """
-InPrefix -InSuffix -InSkips -OutDir -TmpDir -LogDir -PixSize -kV -Cs -FmDose -Serial -Cmd -Resume -SplitSum -Gpu -Gain
-Dark -DefectFile -EerSampling -FmInt -FmIntFile -McPatch -McIter -McTol -McBin -Group -FmRef -RotGain -FlipGain
-InvGain -Mag -InFmMotion -TiffOrder -CorrInterp -VolZ -AlignZ -AtBin -TiltAxis -TiltCor
"""


def correct():
    """Correct the motion of the movies that an mdoc file names, and write them as a tilt series."""
    asked = options(sys.argv[1:], TAGS.split(), lambda flag: f"Error: unknown tag {flag}")
    mdoc, folder = (Path(asked[flag][0]) for flag in ("-InPrefix", "-OutDir"))
    if asked.get("-Cmd") != ["0"] or not mdoc.is_file():
        raise SystemExit("Error: no input mdoc files are found, quit.")
    if not folder.is_dir():
        raise SystemExit(f"Error: unable to write to {folder}")
    logs = folder / f"{mdoc.stem}_Log"
    logs.mkdir()
    pixel_size, binning = (float(asked.get(flag, ["1"])[0]) for flag in ("-PixSize", "-McBin"))
    sampling = EerSampling(grouping=int(asked["-FmInt"][0]), upsampling=int(asked.get("-EerSampling", ["1"])[0]))
    images = {"": [], "_EVN": [], "_ODD": []}
    rows = []
    for number, section in enumerate(read_mdoc(mdoc).sections):
        name = Path(str(section.sub_frame_path).replace("\\", "/")).name
        movie = Movie(path=mdoc.with_name(name), acquisition=Acquisition(pixel_size=pixel_size, eer=sampling))
        sys.stdout.write(f"GPU 0: Motion correct {name}\n------------------\n\n")
        moved = _moved(movie, asked)
        odd, even = moved.sums()
        for suffix, transform in (("", odd + even), ("_EVN", even), ("_ODD", odd)):
            images[suffix].append(bin_sum(transform, moved.shape, binning))
        shifts = moved.shifts - moved.shifts[0]
        rows += [
            f"{frame:3d} {number:3d} {0:7.2f} {pixel_size:6.2f} {x:8.2f} {y:8.2f}"
            for frame, (x, y) in enumerate(shifts)
        ]
    (logs / f"{mdoc.stem}_MC_GL.csv").write_text("\n".join([*rows, ""]))
    halves = asked.get("-SplitSum", ["1"]) == ["1"]
    final = pixel_size * binning / sampling.upsampling
    for suffix in images if halves else ("",):
        write_mrc(folder / f"{mdoc.stem}{suffix}.mrc", np.stack(images[suffix]), final, stack=True)
    sys.stdout.write("Total time: 1.000000 sec\n")


def _moved(movie, asked):
    gain = gain_of(asked)
    return align([frame if gain is None else frame * gain for frame in read_frames(movie)])
