"""Reconstruct by torch-reconstruct-tomogram: folder, voxel size, and the sizes of the volume in z, y and x."""

import json
import sys
from pathlib import Path

import mrcfile
import numpy as np
import torch
from torch_reconstruct_tomogram import reconstruct_tomogram
from torch_tilt_series import TiltSeries

SIDE = 96
"""Edge of the patches, whose number at a time is one to bound the memory."""


def main() -> None:
    """Reconstruct and write peer.mrc."""
    folder, voxel_size, shape = Path(sys.argv[1]), float(sys.argv[2]), tuple(map(int, sys.argv[3:]))
    torch.set_num_threads(1)
    tilts = json.loads((folder / "alignment.json").read_text())["tilts"]
    series = TiltSeries(
        tilt_angles=torch.tensor([tilt["angle"] for tilt in tilts]),
        tilt_axis_angle=torch.tensor([tilt["axis_angle"] for tilt in tilts]),
        sample_translations=torch.tensor([tilt["displacement"][::-1] for tilt in tilts]),
        image_path=folder / "binned.mrc",
        image_indices=np.arange(len(tilts)),
        pixel_spacing=voxel_size,
    )
    volume = reconstruct_tomogram(series, shape, sidelength=SIDE, batch_size=1)
    with mrcfile.new(folder / "peer.mrc", data=volume.numpy().astype(np.float32), overwrite=True) as file:
        file.voxel_size = voxel_size


if __name__ == "__main__":
    main()
