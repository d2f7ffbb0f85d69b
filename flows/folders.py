"""Where the results of a movie that stands by itself go."""

from hashlib import sha256
from pathlib import Path


def folder_of(folder: Path, movie: Path) -> Path:
    """Return the folder of a movie's results: movies of one name in different folders are kept apart."""
    return folder / f"{movie.parent.name}_{sha256(str(movie.parent).encode()).hexdigest()[:6]}"
