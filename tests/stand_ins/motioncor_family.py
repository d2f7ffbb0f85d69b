"""What stands in for MotionCor2 and MotionCor3: they differ in how they print shifts."""

import sys
from pathlib import Path

import numpy as np
from stand_ins.moved_frames import align, bin_sum, dose_weights, gain_of, options

from tasks.formats.eer_fractions import read_grouping
from tasks.formats.frames import read_frames
from tasks.formats.mrc import write_mrc
from tasks.models import Acquisition, EerSampling, Movie

INPUTS = ("-InMrc", "-InTiff", "-InEer")
TAGS = """
-InMrc -InTiff -InEer -InSuffix -OutMrc -ArcDir -FullSum -Gain -Dark -DefectFile -DefectMap -InAln -OutAln -TmpFile
-LogDir -FmIntFile -Serial -EerSampling -Patch -Iter -Tol -Bft -PhaseOnly -FtBin -InitDose -FmDose -PixSize -kV -Throw
-Trunc -SumRange -SplitSum -Group -FmRef -OutStack -RotGain -FlipGain -InvGain -Align -Tilt -Mag -InFmMotion -Crop -Gpu
-UseGpus -GpuMemUsage -OutStar -TiffOrder -CorrInterp
"""


def correct(show):
    """Correct the motion of a movie and print its shifts."""
    asked = options(sys.argv[1:], TAGS.split(), lambda flag: f"Error: unknown tag {flag}")
    frames = _frames(asked)
    moved = align(frames)
    said = [f"{flag:<16} {'  '.join(asked.get(flag, []))}" for flag in TAGS.split()]
    said += ["", "Full-frame alignment has been started.", "Iteration  1  Error:     0.097", ""]
    said += [show(moved.shifts - moved.shifts[_reference(asked, len(frames))]), ""]
    sys.stdout.write("\n".join([*said, "Global shifts are corrected: 0.064114 sec\n\n"]))
    _write(asked, moved)


def _frames(asked):
    """Read the frames that are to be used, with the gain applied."""
    given = [(flag, asked[flag][0]) for flag in INPUTS if asked.get(flag)]
    if len(given) != 1 or not Path(given[0][1]).is_file():
        raise SystemExit("Error: open input file failed.\n")
    if not asked.get("-OutMrc"):
        raise SystemExit("Error: output MRC file is not provided.\n")
    flag, path = given[0]
    sampling = EerSampling()
    if flag == "-InEer":
        grouping = read_grouping(Path(asked["-FmIntFile"][0]))
        sampling = EerSampling(grouping=grouping, upsampling=int(asked["-EerSampling"][0]))
    movie = Movie(path=path, acquisition=Acquisition(pixel_size=1, eer=sampling))
    gain = gain_of(asked)
    frames = [frame if gain is None else frame * gain for frame in read_frames(movie)]
    skipped, cut = (int(asked.get(name, ["0"])[0]) for name in ("-Throw", "-Trunc"))
    return frames[skipped : len(frames) - cut]


def _reference(asked, count):
    return int(asked["-FmRef"][0]) - 1 if "-FmRef" in asked else count // 2


def _write(asked, moved):
    """Write the sums that were asked for, under the program's names."""
    output = Path(asked["-OutMrc"][0])
    binning, pixel_size = float(asked.get("-FtBin", ["1"])[0]), float(asked["-PixSize"][0])
    odd, even = moved.sums()
    images = {"": odd + even}
    dose = float(asked.get("-FmDose", ["0"])[0])
    if dose > 0:
        before, voltage = float(asked.get("-InitDose", ["0"])[0]), float(asked["-kV"][0])
        doses = before + dose * np.arange(1, len(moved.shifts) + 1)
        weights = dose_weights(doses, moved.shape, pixel_size, voltage)
        # The halves are weighted too.
        odd, even = moved.sums(weights)
        images["_DW"] = odd + even
    if asked.get("-SplitSum") == ["1"]:
        images |= {"_EVN": even, "_ODD": odd}
    for suffix, transform in images.items():
        image = bin_sum(transform, moved.shape, binning)
        write_mrc(output.with_name(f"{output.stem}{suffix}.mrc"), image, pixel_size * binning)


def words_of(shifts):
    """Return shifts as versions up to 1.5 and MotionCor3 print them."""
    lines = [f"...... Frame ({number:3d}) shift: {x:9.3f}  {y:9.3f}" for number, (x, y) in enumerate(shifts, 1)]
    return "\n".join(["Full-frame alignment shift", *lines])


def table_of(shifts):
    """Return shifts as MotionCor2 1.6 prints them."""
    lines = [f"{number:5d} {x:10.3f} {y:10.3f}" for number, (x, y) in enumerate(shifts, 1)]
    return "\n".join(["Full-frame alignment", "  Frame   x Shift   y Shift", *lines])
