"""Stands in for ib_job of IceBreaker 0.3.9: 16 groups of like smoothed intensity instead of those of k-means."""

import argparse
import sys
from pathlib import Path

import mrcfile
import numpy as np
from scipy.ndimage import uniform_filter
from stand_ins.installing import record

GROUPS = 16


def group(source: Path, target: Path):
    """Give each pixel the mean intensity of its group."""
    with mrcfile.open(source, permissive=True) as file:
        image = file.data.astype(np.float32)
    smooth = uniform_filter(image, max(min(image.shape) // 10, 1))
    edges = np.quantile(smooth, np.linspace(0, 1, GROUPS + 1)[1:-1])
    numbers = np.digitize(smooth, edges)
    means = np.bincount(numbers.ravel(), image.ravel(), GROUPS) / np.maximum(
        np.bincount(numbers.ravel(), None, GROUPS), 1
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(target, overwrite=True) as file:
        file.set_data(means[numbers].astype(np.float32))


record(sys.argv[1:])
parser = argparse.ArgumentParser(prog="ib_job")
parser.add_argument("--o", dest="out_dir")
parser.add_argument("--mode")
parser.add_argument("--j", type=int)
parser.add_argument("--pipeline_control")
given = parser.add_mutually_exclusive_group(required=True)
given.add_argument("--in_mics")
given.add_argument("--single_mic")
asked = parser.parse_args()
if asked.mode not in {"group", "flatten"}:
    sys.stdout.write("IB ERROR - Mode type not found\n")
    raise SystemExit
name = Path(asked.single_mic)
sys.stdout.write(f"Successfully created the directory IB_input_{name.stem}/grouped\n")
# As IceBreaker does: the first two folders, a job of RELION, do not count.
group(name, Path(asked.out_dir, *name.parts[2:-1], f"{name.stem}_grouped.mrc"))
(Path(asked.out_dir) / "RELION_JOB_EXIT_SUCCESS").touch()
sys.stdout.write("------ 0.1 sec------\nDone equalizing\n")
