"""MotionCor3 of the Chan Zuckerberg Imaging Institute (and MotionCor2, of which it is a continuation), on a GPU."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.command import Flag, flags, run
from tasks.errors import CommandError, FormatError, ResultError
from tasks.formats.frames import frame_count, frame_shape
from tasks.formats.gain import gain_of
from tasks.formats.mrc import header, write_mrc
from tasks.models import Executable, Incidental, Micrograph, Model, Motion, Movie
from tasks.motion_correction.metadata import MotionTable, write_motion
from tasks.motion_correction.motioncor_log import read_log, read_version
from tasks.motion_correction.path_length import check_steps, path_lengths

_INPUTS = {".mrc": "-InMrc", ".mrcs": "-InMrc", ".tif": "-InTiff", ".tiff": "-InTiff", ".eer": "-InEer"}
_IMAGES = {".mrc", ".mrcs", ".tif", ".tiff"}
_FLIPS = {"none": 0, "upside-down": 1, "left-right": 2}


class MotionCor3(Model):
    """Global and local motion correction by MotionCor3."""

    tool: Literal["motioncor3"] = "motioncor3"
    executable: Executable = "MotionCor3"
    patches: Annotated[tuple[PositiveInt, PositiveInt], Flag("-Patch")] = (5, 5)
    """Patches in x and y that local motion is found in; 1 1 for global motion only."""
    iterations: Annotated[PositiveInt, Flag("-Iter")] = 10
    """Most iterations of the alignment."""
    tolerance: Annotated[PositiveFloat, Flag("-Tol")] = 0.5
    """Shift in pixels at which the iterations end."""
    b_factor: Annotated[tuple[PositiveFloat, PositiveFloat], Flag("-Bft")] = (500.0, 100.0)
    """B factors of global and local alignment, in square pixels."""
    group: Annotated[tuple[PositiveInt, PositiveInt], Flag("-Group")] = (1, 4)
    """Frames that are summed before global and before local alignment."""
    binning: Annotated[float, Field(ge=1), Flag("-FtBin")] = 1.0
    """Size of the micrograph's pixels in pixels of the frames."""
    skip_first: Annotated[NonNegativeInt, Flag("-Throw")] = 0
    """Frames to leave out at the start."""
    skip_last: Annotated[NonNegativeInt, Flag("-Trunc")] = 0
    """Frames to leave out at the end."""
    reference: Annotated[PositiveInt | None, Flag("-FmRef")] = None
    """Frame (from 1) that the others are aligned to; by default the central one."""
    magnification: Annotated[tuple[PositiveFloat, PositiveFloat, float] | None, Flag("-Mag")] = None
    """Anisotropic magnification: along the major and the minor axis, and the angle of the major one in degree."""
    in_frame_motion: Annotated[bool, Flag("-InFmMotion")] = False
    """Account for the motion within a frame."""
    dark: Annotated[Path | None, Flag("-Dark")] = None
    """Dark reference, an MRC file."""
    halves: Annotated[bool, Flag("-SplitSum")] = True
    """Write the sums of the odd and the even frames too; denoising needs them."""
    gpus: Annotated[tuple[NonNegativeInt, ...], Flag("-Gpu"), Incidental()] = (0,)
    """Numbers of the GPUs to use."""
    dose_weighting: bool = True
    """Weight frequencies by what the dose has left of them; needs the dose per frame."""
    largest_step: PositiveFloat = 100.0
    """Refuse a movie whose specimen seems to move farther than this from one frame to the next, in angstrom."""

    def correct(self, movie: Movie, folder: Path) -> Motion:
        """Correct the motion of a movie and write the sums to a folder."""
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        _check_input(movie)
        program = read_version(run([self.executable, "--version"], cwd=folder))
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{movie.path.stem}.") as name:
            scratch = Path(name)
            output = run(self.command(movie, scratch), cwd=scratch, log=folder / f"{movie.path.stem}_motioncor3.log")
            shifts = read_log(output)
            self._check_frames(movie, len(shifts))
            micrograph = self._keep(movie, scratch, folder)
        return self._report(movie, micrograph, shifts, program)

    def command(self, movie: Movie, scratch: Path) -> list[str]:
        """Return the command line; files that the program needs are written to a scratch folder."""
        acquisition = movie.acquisition
        words = [self.executable, _INPUTS[movie.path.suffix.lower()], str(movie.path.resolve())]
        words += ["-OutMrc", str(scratch / f"{movie.path.stem}.mrc")]
        words += ["-PixSize", f"{acquisition.pixel_size:.6g}", "-kV", f"{acquisition.voltage:.6g}"]
        if self._is_weighted(movie):
            words += ["-FmDose", f"{acquisition.dose_per_frame:.6g}", "-InitDose", f"{movie.pre_exposure:.6g}"]
        words += _gain_flags(movie, scratch) + _defect_flags(movie) + _eer_flags(movie, scratch)
        return words + flags(self)

    def _is_weighted(self, movie: Movie) -> bool:
        return self.dose_weighting and movie.acquisition.dose_per_frame > 0

    def _check_frames(self, movie: Movie, found: int) -> None:
        expected = frame_count(movie) - self.skip_first - self.skip_last
        if found != expected:
            raise ResultError(f"{movie.path.name}: MotionCor3 aligned {found} frames; expected {expected}")

    def _keep(self, movie: Movie, scratch: Path, folder: Path) -> Micrograph:
        """Move the sums out of the scratch folder, under the names that the embedded tool and RELION use."""
        is_weighted = self._is_weighted(movie)

        def keep(theirs: str, ours: str) -> Path:
            source = scratch / f"{movie.path.stem}{theirs}.mrc"
            if not source.is_file():
                raise CommandError(f"{self.executable} ended well but did not write {source.name}")
            header(source)
            return source.replace(folder / f"{movie.path.stem}{ours}.mrc")

        return Micrograph(
            path=keep("_DW" if is_weighted else "", ""),
            pixel_size=movie.acquisition.pixel_size * self.binning,
            unweighted=keep("", "_noDW") if is_weighted else None,
            even=keep("_EVN", "_EVN") if self.halves else None,
            odd=keep("_ODD", "_ODD") if self.halves else None,
        )

    def _report(
        self, movie: Movie, micrograph: Micrograph, shifts: tuple[tuple[float, float], ...], program: str
    ) -> Motion:
        pixel_size = movie.acquisition.pixel_size
        displacements = tuple((x * pixel_size, y * pixel_size) for x, y in shifts)
        check_steps(movie, displacements, self.largest_step)
        early, late = path_lengths(displacements, movie.acquisition.dose_per_frame)
        path = micrograph.path.with_suffix(".star")
        table = MotionTable(
            shape=(frame_count(movie), *frame_shape(movie)),
            binning=self.binning,
            first_frame=self.skip_first + 1,
            displacements=shifts,
        )
        write_motion(path, movie, table)
        return Motion(
            micrograph=micrograph,
            displacements=displacements,
            early=early,
            late=late,
            metadata=path,
            program=program,
        )


def _check_input(movie: Movie) -> None:
    if movie.path.suffix.lower() not in _INPUTS:
        raise FormatError(movie.path, f"suffix {movie.path.suffix or 'missing'}", f"a movie: {', '.join(_INPUTS)}")
    frame_count(movie)


def _gain_flags(movie: Movie, scratch: Path) -> list[str]:
    """Return the flags of the gain reference, which is converted if MotionCor3 would not read or turn it as we do."""
    gain = movie.acquisition.gain
    if gain is None:
        return []
    if gain.path.suffix.lower() == ".mrc" and movie.path.suffix.lower() != ".eer":
        turn = ["-RotGain", str(gain.rotation), "-FlipGain", str(_FLIPS[gain.flip])]
        return ["-Gain", str(gain.path.resolve()), *turn]
    factors = gain_of(movie)
    path = scratch / "gain.mrc"
    if factors is not None:
        write_mrc(path, factors, movie.acquisition.pixel_size)
    return ["-Gain", str(path)]


def _defect_flags(movie: Movie) -> list[str]:
    defects = movie.acquisition.defects
    if defects is None:
        return []
    return ["-DefectMap" if defects.suffix.lower() in _IMAGES else "-DefectFile", str(defects.resolve())]


def _eer_flags(movie: Movie, scratch: Path) -> list[str]:
    """Return the flags of an EER movie; a file tells how many hardware frames to sum, and the dose of one of them."""
    if movie.path.suffix.lower() != ".eer":
        return []
    sampling = movie.acquisition.eer
    path = scratch / "frames.txt"
    dose = movie.acquisition.dose_per_frame / sampling.grouping
    path.write_text(f"{frame_count(movie) * sampling.grouping} {sampling.grouping} {dose:.6g}\n")
    return ["-FmIntFile", str(path), "-EerSampling", str(sampling.upsampling)]
