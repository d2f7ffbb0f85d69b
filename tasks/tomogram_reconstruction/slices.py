"""Volumes that programs write slice by slice across the tilt axis, with z along the rows of a slice."""

from pathlib import Path

from tasks.formats.mrc import mapped, writing


def write_sections(slices: Path, target: Path, voxel_size: float) -> Path:
    """Write a volume with axes y, z and x again with axes z, y and x; return where.

    The order of all voxels along each axis stays: the specimen is turned, not mirrored, since two axes change places in
    the file and in its meaning.
    """
    volume = mapped(slices)
    with writing(target, (volume.shape[0], volume.shape[2]), voxel_size) as writer:
        for height in range(volume.shape[1]):
            writer.write(volume[:, height, :])
    return target
