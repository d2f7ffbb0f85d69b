"""Pictures of results, for people."""

from tasks.images.averages import COLUMNS, TILE, picture_averages
from tasks.images.densities import picture_density
from tasks.images.pictures import contrast, data_uri, save_picture
from tasks.images.salvage import picture_movie
from tasks.images.slices import central_slices, picture_slices
from tasks.images.thumbnails import picture_image, picture_volume

__all__ = [
    "COLUMNS",
    "TILE",
    "central_slices",
    "contrast",
    "data_uri",
    "picture_averages",
    "picture_density",
    "picture_image",
    "picture_movie",
    "picture_slices",
    "picture_volume",
    "save_picture",
]
