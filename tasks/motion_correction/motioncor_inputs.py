"""How MotionCor2, MotionCor3 and AreTomo3, which are of one family, are told of a movie and its references."""

from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.frames import frame_count
from tasks.formats.gain import gain_of
from tasks.formats.mrc import write_mrc
from tasks.models import Movie

_INPUTS = {".mrc": "-InMrc", ".mrcs": "-InMrc", ".tif": "-InTiff", ".tiff": "-InTiff", ".eer": "-InEer"}
_IMAGES = {".mrc", ".mrcs", ".tif", ".tiff"}
_FLIPS = {"none": 0, "upside-down": 1, "left-right": 2}


def check_input(movie: Movie) -> None:
    """Refuse a movie that is not there, not whole, or of another format, before a program is started."""
    if movie.path.suffix.lower() not in _INPUTS:
        raise FormatError(movie.path, f"suffix {movie.path.suffix or 'missing'}", f"a movie: {', '.join(_INPUTS)}")
    frame_count(movie)


def input_flags(movie: Movie) -> list[str]:
    """Return the flag of the movie."""
    return [_INPUTS[movie.path.suffix.lower()], str(movie.path.resolve())]


def gain_flags(movie: Movie, scratch: Path) -> list[str]:
    """Return the flags of the gain reference, which is converted if the program would not read or turn it as we do."""
    gain = movie.acquisition.gain
    if gain is None:
        return []
    if gain.path.suffix.lower() == ".mrc" and not is_eer(movie):
        turn = ["-RotGain", str(gain.rotation), "-FlipGain", str(_FLIPS[gain.flip])]
        return ["-Gain", str(gain.path.resolve()), *turn]
    factors = gain_of(movie)
    path = scratch / "gain.mrc"
    if factors is not None:
        write_mrc(path, factors, movie.acquisition.pixel_size)
    return ["-Gain", str(path)]


def defect_flags(movie: Movie) -> list[str]:
    """Return the flag of the defects of the camera."""
    defects = movie.acquisition.defects
    if defects is None:
        return []
    return ["-DefectMap" if defects.suffix.lower() in _IMAGES else "-DefectFile", str(defects.resolve())]


def eer_flags(movie: Movie, scratch: Path) -> list[str]:
    """Return the flags of an EER movie; a file tells how many hardware frames to sum, and the dose of one of them."""
    if not is_eer(movie):
        return []
    sampling = movie.acquisition.eer
    path = scratch / "frames.txt"
    dose = movie.acquisition.dose_per_frame / sampling.grouping
    path.write_text(f"{frame_count(movie) * sampling.grouping} {sampling.grouping} {dose:.6g}\n")
    return ["-FmIntFile", str(path), "-EerSampling", str(sampling.upsampling)]


def is_eer(movie: Movie) -> bool:
    """Tell whether a movie lists electrons."""
    return movie.path.suffix.lower() == ".eer"
