"""Stands in for cryolo_predict.py of crYOLO 1.9.9, which needs a GPU: finds dark blobs instead of using a network.

It reads an image or a tomogram with --tomogram, and writes all formats that crYOLO writes. Weights that hold
"without memory" make it end as crYOLO does when the GPU has too little.
"""

import argparse
import json
import sys
from pathlib import Path

import mrcfile
import numpy as np
from scipy.ndimage import gaussian_filter
from stand_ins.installing import record

from tasks.numerics.peak_heights import divide
from tasks.numerics.peaks import find_peaks

COLUMNS = ("CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth", "EstWidth", "EstHeight")
COLUMNS = (*COLUMNS, "Confidence", "NumBoxes", "Angle")


def parsed():
    parser = argparse.ArgumentParser(prog="cryolo_predict.py", allow_abbrev=False)
    for names in ("-c --conf", "-w --weights", "-i --input", "-o --output"):
        parser.add_argument(*names.split(), required=True)
    for names in ("-t --threshold", "--norm_margin", "-tmem --tracing_memory", "-tsr --tracing_search_range"):
        parser.add_argument(*names.split(), type=float, default=0.3 if "-t " in names else 0)
    for names in ("-d --distance", "--minsize", "--maxsize", "-nc --num_cpu", "-tmin --tracing_min_length"):
        parser.add_argument(*names.split(), type=int, default=0)
    parser.add_argument("-pbs", "--prediction_batch_size", type=int, default=3)
    parser.add_argument("--otf", action="store_true")
    parser.add_argument("--tomogram", action="store_true")
    return parser.parse_args()


def blobs(image, box):
    """Return centres (x, y and perhaps z), confidences and diameters of dark blobs."""
    score = gaussian_filter(image, 0.4 * box) - gaussian_filter(image, 0.25 * box)
    score -= np.median(score)
    score = (score / (1.4826 * np.median(np.abs(score)))).astype(np.float32)
    peaks = find_peaks(score, np.ones(image.shape, bool), 0.7 * box, 0.5 * box)
    # A particle begins at 0.3, the default threshold.
    confidences = np.clip(0.3 * peaks.heights / divide(peaks.heights), 0, 1)
    likely = confidences > 0.1
    return peaks.places[likely], confidences[likely]


def rows(places, confidences, box, *, depth):
    """Return the rows of a CBOX file; sections of traces are counted from 1."""
    for place, confidence in zip(places, confidences, strict=True):
        z = f"{place[2] + 1:.6f} {box} {box} {box}" if depth else f"<NA> {box} {box} 1.000000"
        yield f"{place[0] - box / 2:.6f} {place[1] - box / 2:.6f} {z} {box + 2} {box} {confidence:.6f} <NA> <NA>"


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]))


def write_cbox(path, lines):
    names = [f"_{name} #{number}" for number, name in enumerate(COLUMNS, 1)]
    head = ["", "data_global", "", "_cbox_format_version 1.0 ", "", "data_cryolo", "", "loop_", *names]
    write(path, [*head, *lines, "", "data_cryolo_include", "", "loop_", "_slice_index #1", ""])


def keep(asked, stem, box, places, confidences):
    """Write what was found, and say how much."""
    taken, out = confidences >= asked.threshold, Path(asked.output)
    say("#####################################", f"{taken.sum()} particles in total has been found ( 1 seconds)")
    if asked.tomogram:
        say(f"{taken.sum()} Particles were found by tracing {5 * taken.sum()} through the volumes.")
        if taken.any():
            write_cbox(out / "CBOX_3D" / f"{stem}.cbox", rows(places[taken], confidences[taken], box, depth=True))
            write(out / "COORDS" / f"{stem}.coords", [" ".join(map(str, place)) for place in places[taken]])
        return
    say("Deleted 0 particles as they were not fully immersed in the micrograph")
    say("Deleted 0 particles as they were out of specified size range")
    if taken.any():
        write_cbox(out / "CBOX" / f"{stem}.cbox", rows(places, confidences, box, depth=False))
        star = ["", "data_", "", "loop_", "_rlnCoordinateX #1 ", "_rlnCoordinateY #2"]
        write(out / "STAR" / f"{stem}.star", [*star, *("\t".join(map(str, place)) for place in places[taken])])


def say(*lines):
    sys.stdout.write("".join(f"{line}\n" for line in lines))


record(sys.argv[1:])
options = parsed()
if not Path(options.input).exists():
    raise SystemExit(f"Input path does not exist: {options.input}")
if b"without memory" in Path(options.weights).read_bytes():
    say("############################", "Not enough GPU memory. Try to reduce prediction batch size (-pbs). ")
    raise SystemExit(0)
side = json.loads(Path(options.conf).read_text())["model"]["anchors"][0]
source = Path(options.input).resolve()
with mrcfile.open(source, permissive=True) as file:
    seen = np.squeeze(file.data).astype(np.float32)
keep(options, source.stem, side, *blobs(seen, side))
