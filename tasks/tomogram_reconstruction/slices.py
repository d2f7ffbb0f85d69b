"""Volumes that programs write slice by slice across the tilt axis, with z along the rows of a slice."""

from pathlib import Path

from tasks.formats.mrc import mapped, writing


def write_sections(slices: Path, target: Path, voxel_size: float, *, rows_fall: bool = False) -> Path:
    """Write a volume with axes y, z and x again with axes z, y and x; return where.

    z grows with the rows of the slices of AreTomo, and falls with those of IMOD (``rows_fall``): a viewer that takes
    the file as it is sees the specimen mirrored with the former, turned with the latter.
    """
    volume = mapped(slices)
    heights = range(volume.shape[1])
    with writing(target, (volume.shape[0], volume.shape[2]), voxel_size) as writer:
        for height in reversed(heights) if rows_fall else heights:
            writer.write(volume[:, height, :])
    return target
