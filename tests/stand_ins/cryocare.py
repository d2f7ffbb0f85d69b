"""Stands in for the three scripts of cryoCARE 0.3.0, by whose names it is installed: its network only smooths."""

import argparse
import io
import json
import sys
import tarfile
from pathlib import Path

import mrcfile
import numpy as np
from scipy.ndimage import gaussian_filter
from stand_ins.installing import record


def volume(path: str) -> np.ndarray:
    with mrcfile.open(path) as file:
        return file.data.astype(np.float32)


def extract(config: dict):
    """Keep what the network would learn from."""
    for even, odd in zip(config["even"], config["odd"], strict=True):
        first, second = volume(even), volume(odd)
        assert first.shape == second.shape, f"{even} and {odd} tomogram have different shapes."
        assert all(length > 2 * patch for length, patch in zip(first.shape, config["patch_shape"], strict=True))
    folder = Path(config["path"])
    folder.mkdir(parents=True)
    for name in ("train_data", "val_data"):
        np.savez(folder / f"{name}.npz", mean=first.mean(), std=first.std(), tilt_axis=config["tilt_axis"])


def train(config: dict):
    """Pack a network with the grey values that it was trained on."""
    known = np.load(Path(config["train_data"]) / "train_data.npz")
    norm = json.dumps({"mean": float(known["mean"]), "std": float(known["std"])}).encode()
    name = config["model_name"]
    with tarfile.open(Path(config["path"]) / f"{name}.tar.gz", "w:gz") as tar:
        entry = tarfile.TarInfo(f"{name}/norm.json")
        entry.size = len(norm)
        tar.addfile(entry, io.BytesIO(norm))
    sys.stdout.write("".join(f"Epoch {number + 1}/{config['epochs']}\n" for number in range(config["epochs"])))


def predict(config: dict):
    """Write the smoothed mean of the halves, named as the even one."""
    with tarfile.open(config["path"], "r:gz") as tar:
        assert any(name.endswith("norm.json") for name in tar.getnames())
    folder = Path(config["output"])
    folder.mkdir(parents=True, exist_ok=config["overwrite"])
    mean = (volume(config["even"]) + volume(config["odd"])) / 2
    with mrcfile.open(config["even"], header_only=True) as given:
        voxel_size = given.voxel_size.x
    with mrcfile.new(folder / Path(config["even"]).name, overwrite=True) as file:
        file.set_data(gaussian_filter(mean, 1))
        file.voxel_size = voxel_size


parser = argparse.ArgumentParser()
parser.add_argument("--conf", required=True)
asked = json.loads(Path(parser.parse_args().conf).read_text())
record([json.dumps(asked)])
step = Path(sys.argv[0]).name
{"cryoCARE_extract_train_data.py": extract, "cryoCARE_train.py": train, "cryoCARE_predict.py": predict}[step](asked)
