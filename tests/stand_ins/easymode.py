"""Stands in for easymode 1.2.6, which needs trained networks: takes darkness for the probability of any feature.

It knows the networks in the folder of its settings, by their registry.json.
"""

import argparse
import json
import sys
from pathlib import Path

import mrcfile
import numpy as np
from scipy.ndimage import gaussian_filter
from stand_ins.installing import record


def probabilities(volume: np.ndarray) -> np.ndarray:
    """Return how much darker than the mean each place is."""
    smooth = gaussian_filter(volume, 1)
    return np.clip((smooth.mean() - smooth) / (4 * smooth.std() + 1e-30), 0, 1)


record(sys.argv[1:])
parser = argparse.ArgumentParser(description="easymode: pretrained general networks for cellular cryoET.")
segment = parser.add_subparsers(dest="command").add_parser("segment")
segment.add_argument("features", nargs="*")
segment.add_argument("--data", nargs="+", required=True)
segment.add_argument("--tta", type=int, default=2)
segment.add_argument("--output", default="segmented")
segment.add_argument("--overwrite", action="store_true")
segment.add_argument("--tile")
segment.add_argument("--overlap", type=int)
segment.add_argument("--format", choices=["float32", "uint16", "int8"], default="int8")
segment.add_argument("--gpu")
segment.add_argument("--model")
segment.add_argument("--version", dest="variant")
asked = parser.parse_args()

settings = json.loads((Path.home() / "easymode" / "settings.txt").read_text())
registry = json.loads((Path(settings["MODEL_DIRECTORY"]) / "registry.json").read_text())
Path(asked.output).mkdir(parents=True, exist_ok=True)
for feature in asked.features:
    if feature not in registry:
        sys.stdout.write(f"No model available for '{feature}' - run 'easymode list' to see what is available.\n")
        continue
    sys.stdout.write(f"easymode segment\nfeature: {feature}\ntta: {asked.tta}\n")
    for path in map(Path, asked.data):
        try:
            with mrcfile.open(path) as given:
                volume, voxel_size = given.data.astype(np.float32), given.voxel_size.x
        except ValueError as error:
            sys.stdout.write(f"1/1 (on GPU -1) - {feature} - {path.name} - ERROR: {error}\n")
            continue
        with mrcfile.new(Path(asked.output) / f"{path.stem}__{feature}.mrc", overwrite=asked.overwrite) as file:
            file.set_data((probabilities(volume) * 127).astype(np.int8))
            file.voxel_size = voxel_size
        sys.stdout.write(f"1/1 (on GPU -1) - {feature} - {path.name} - etc 00:00:00 (00:00 per tomo)\n")
sys.stdout.write("\n\033[92mSegmentation finished!\033[0m\n")
