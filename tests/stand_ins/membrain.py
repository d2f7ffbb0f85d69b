"""Stands in for membrain of MemBrain-seg 0.0.10, which needs trained weights: takes dark places for membranes."""

import argparse
import sys
from pathlib import Path

import mrcfile
import numpy as np
from scipy.ndimage import gaussian_filter, label
from stand_ins.installing import record


def store(path: Path, volume: np.ndarray, voxel_size: float):
    """Write whole numbers as small as they fit, as the program does."""
    if not np.issubdtype(volume.dtype, np.floating):
        volume = volume.astype(np.int8 if volume.max() <= 127 else np.int16)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(volume)
        file.voxel_size = voxel_size


record(sys.argv[1:])
parser = argparse.ArgumentParser(prog="membrain", allow_abbrev=False)
segment = parser.add_subparsers(dest="command", required=True).add_parser("segment", allow_abbrev=False)
segment.add_argument("--tomogram-path", type=Path, required=True)
segment.add_argument("--ckpt-path", type=Path, required=True)
segment.add_argument("--out-folder", type=Path, default=Path("predictions"))
for name in ("rescale-patches", "store-probabilities", "store-connected-components", "store-uncertainty-map"):
    segment.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=False)
segment.add_argument("--test-time-augmentation", action=argparse.BooleanOptionalAction, default=True)
segment.add_argument("--in-pixel-size", type=float)
segment.add_argument("--out-pixel-size", type=float, default=10.0)
segment.add_argument("--connected-component-thres", type=int)
segment.add_argument("--segmentation-threshold", type=float, default=0.0)
segment.add_argument("--sliding-window-size", type=int, default=160)
asked = parser.parse_args()

sys.stdout.write(f"Segmenting tomogram {asked.tomogram_path}\n\n")
if not asked.ckpt_path.is_file():
    raise FileNotFoundError(2, "No such file or directory", str(asked.ckpt_path))
if asked.sliding_window_size % 32:
    raise OSError("Sliding window size must be multiple of 32°!")
with mrcfile.open(asked.tomogram_path) as given:
    volume, voxel_size = given.data.astype(np.float32), float(given.voxel_size.x)
smooth = gaussian_filter(volume, 1)
scores = ((smooth.mean() - smooth) / smooth.std() - 2).astype(np.float32)
stem = asked.tomogram_path.stem
asked.out_folder.mkdir(parents=True, exist_ok=True)
if asked.store_probabilities:
    store(asked.out_folder / f"{stem}_scores.mrc", scores, voxel_size)
found = (scores > asked.segmentation_threshold).astype(np.int32)
if asked.store_connected_components:
    found, count = label(found, np.ones((3, 3, 3)))
    sys.stdout.write(f"Found {count} connected components.\n")
    least = asked.connected_component_thres
    if least is not None and least > 1:
        kept = np.flatnonzero(np.bincount(found.ravel())[1:] >= least) + 1
        found = np.searchsorted(kept, found) * np.isin(found, kept) + np.isin(found, kept)
        sys.stdout.write(f"Relabeled to {len(kept)} connected components.\n")
network = asked.ckpt_path.name.split("-val_loss")[0]
store(asked.out_folder / f"{stem}_{network}_segmented.mrc", found, voxel_size)
sys.stderr.write("INFO:root:MemBrain has finished segmenting your tomogram.\n")
