"""Find the files of exposures, and look whether they are whole."""

from collections import defaultdict
from functools import cached_property
from pathlib import Path, PureWindowsPath

from tasks.errors import FormatError
from tasks.formats.frames import frame_count, frame_shape
from tasks.models import Acquisition, Micrograph, Model, Movie

SUFFIXES = (".eer", ".tif", ".tiff", ".mrc", ".mrcs")


class FrameFolder:
    """A folder of frames, with its folders below; read once."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise FormatError(folder, "no such folder", "the folder of the frames")
        self._folder = folder

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found = defaultdict(list)
        for path in sorted(self._folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                found[path.name.lower()].append(path)
                found[path.stem.lower()].append(path)
        return found

    def find(self, recorded: str) -> Path:
        """Return the file that a camera's computer recorded under some path.

        Its folders may differ here, and its suffix too: frames are often compressed after they were taken.
        """
        name = PureWindowsPath(recorded).name
        direct = self._folder / name
        if direct.is_file():
            return direct
        candidates = self._by_name.get(name.lower()) or self._by_name.get(Path(name).stem.lower(), [])
        if not candidates:
            raise FormatError(self._folder, "no such file", f"{name} in it or in a folder below")
        agreements = [_agreement(path, recorded) for path in candidates]
        best = [path for path, agreement in zip(candidates, agreements, strict=True) if agreement == max(agreements)]
        if len(best) > 1:
            found = " and ".join(str(path.relative_to(self._folder)) for path in best[:3])
            raise FormatError(self._folder, found, f"one file for {recorded}")
        return best[0]


def _agreement(path: Path, recorded: str) -> int:
    """Count the folders at the end of two paths that are the same."""
    here = [part.lower() for part in reversed(path.parent.parts)]
    there = [part.lower() for part in reversed(PureWindowsPath(recorded).parent.parts)]
    pairs = zip(here, there, strict=False)
    return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(here), len(there)))


class Inspected(Model):
    """A file that is whole."""

    source: Movie | Micrograph
    frames: int
    shape: tuple[int, int]
    """Rows and columns."""


def inspect(path: Path, acquisition: Acquisition) -> Inspected:
    """Look whether a file is whole; an MRC file of one frame is an image that is summed already."""
    movie = Movie(path=path, acquisition=acquisition)
    frames = frame_count(movie)
    shape = frame_shape(movie)
    if frames == 1 and path.suffix.lower() in {".mrc", ".mrcs"}:
        image = Micrograph(path=path, pixel_size=acquisition.pixel_size)
        return Inspected(source=image, frames=1, shape=shape)
    return Inspected(source=movie, frames=frames, shape=shape)
