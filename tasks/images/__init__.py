"""Pictures of results, for people."""

from tasks.images.pictures import contrast, data_uri, save_picture
from tasks.images.salvage import picture_movie
from tasks.images.slices import central_slices, picture_slices
from tasks.images.thumbnails import picture_image, picture_volume

__all__ = [
    "central_slices",
    "contrast",
    "data_uri",
    "picture_image",
    "picture_movie",
    "picture_slices",
    "picture_volume",
    "save_picture",
]
