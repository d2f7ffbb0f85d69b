"""Pictures of results, for people."""

from tasks.images.pictures import contrast, data_uri, save_picture
from tasks.images.slices import central_slices, picture_slices

__all__ = ["central_slices", "contrast", "data_uri", "picture_slices", "save_picture"]
