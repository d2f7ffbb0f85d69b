"""The sizes that follow from images, alignment and parameters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.tomogram_reconstruction.resampling import Canvas, Pose, canvas
from tasks.tomogram_reconstruction.tilt_images import AlignedImage, image_shape
from tasks.tomogram_reconstruction.weighting import Weighting, Weights, weights


@dataclass(frozen=True)
class Layout:
    """How large voxels, volume and working images are, and where each image lies."""

    voxel_size: float
    shape: tuple[int, int, int]
    """Voxels in z, y and x; y is the side of the images that lies along the tilt axis."""
    poses: tuple[Pose, ...]
    canvas: Canvas


@dataclass(frozen=True)
class View:
    """An image with how it is turned and what its frequencies count."""

    aligned: AlignedImage
    pose: Pose
    weights: npt.NDArray[np.float32]


def lay_out(images: tuple[AlignedImage, ...], binning: int, thickness: float | None) -> Layout:
    """Find the layout of a volume of a thickness in angstrom, by default half of the shorter side of the images."""
    rows, columns = image_shape(images)
    binned = (rows // binning, columns // binning)
    voxel_size = images[0].image.micrograph.pixel_size * binning
    turned = round(images[0].place.axis_angle / 90) % 2
    height, width = binned[::-1] if turned else binned
    depth = min(binned) / 2 if thickness is None else thickness / voxel_size
    poses = tuple(_pose(aligned, (rows, columns), binning, voxel_size) for aligned in images)
    return Layout(voxel_size, (max(round(depth), 1), height, width), poses, canvas(binned, height, poses))


def tilt_weights(
    images: tuple[AlignedImage, ...], layout: Layout, weighting: Weighting, iterations: int | None
) -> Weights:
    """Return the (tilts, frequencies) weights for the canvas of a layout."""
    angles = np.array([aligned.place.angle for aligned in images])
    frequencies = np.arange(layout.canvas.columns // 2 + 1) / layout.canvas.columns
    return weights(angles, frequencies, layout.shape[0], weighting, iterations)


def _pose(aligned: AlignedImage, shape: tuple[int, int], binning: int, voxel_size: float) -> Pose:
    x, y = aligned.place.displacement
    centre = (shape[1] // 2 / binning + x / voxel_size, shape[0] // 2 / binning + y / voxel_size)
    return Pose(aligned.place.axis_angle, centre)
