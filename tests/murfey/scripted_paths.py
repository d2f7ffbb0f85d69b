"""Where the scripted Murfey says that results go."""

import re
from pathlib import Path


def motion_corrected(visit: Path, movie: Path, *, extra: str = "") -> Path:
    """Return the place for the image of a movie; each part is made harmless, so that two may become the same."""
    below = movie.relative_to(visit)
    raw, folders = below.parts[0], below.parts[1:-1]
    parts = [_secured(part) for part in (*folders, f"{movie.stem}_motion_corrected.mrc")]
    return visit / "processed" / raw / extra / "MotionCorr" / "job002" / "Movies" / Path(*parts)


def stack(image: Path, series: str) -> Path:
    """Return the place for the stack of a series, right only if its movies lie in the first folder of the visit."""
    return image.parents[3] / "Tomograms" / "job006" / "tomograms" / f"{series}_stack.mrc"


def _secured(part: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "", "_".join(part.split())).strip("._")
