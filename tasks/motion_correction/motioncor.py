"""What MotionCor2 and MotionCor3, its continuation, have in common: nearly all."""

import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.command import Flag, flags, run
from tasks.formats.frames import frame_count, frame_shape
from tasks.models import Executable, Incidental, Micrograph, Model, Motion, Movie, Shift
from tasks.motion_correction.external import check_frames, report, scratch_of, take
from tasks.motion_correction.metadata import MotionTable
from tasks.motion_correction.motioncor_inputs import check_input, defect_flags, eer_flags, gain_flags, input_flags
from tasks.motion_correction.motioncor_log import read_log, read_version


class MotionCor(Model):
    """Global and local motion correction by a program of the MotionCor family."""

    tool: str
    executable: Executable
    patches: Annotated[tuple[PositiveInt, PositiveInt], Flag("-Patch")] = (5, 5)
    """Patches in x and y that local motion is found in; 1 1 for global motion only."""
    iterations: Annotated[PositiveInt, Flag("-Iter")] = 10
    """Most iterations of the alignment."""
    tolerance: Annotated[PositiveFloat, Flag("-Tol")] = 0.5
    """Shift in pixels at which the iterations end."""
    b_factor: Annotated[tuple[PositiveFloat, PositiveFloat], Flag("-Bft")] = (500.0, 100.0)
    """B factors of global and local alignment, in square pixels."""
    group: Annotated[tuple[PositiveInt, ...], Flag("-Group")]
    """Frames that are summed before the alignment."""
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

    def version(self) -> str:
        """Ask the program for its name and version."""
        return read_version(run([self.executable, "--version"], cwd=Path(tempfile.gettempdir())))

    def correct(self, movie: Movie, folder: Path) -> Motion:
        """Correct the motion of a movie and write the sums to a folder."""
        folder = folder.resolve()
        check_input(movie)
        program = self.version()
        log = folder / f"{movie.path.stem}_{self.tool}.log"
        with scratch_of(movie, folder) as scratch:
            shifts = read_log(run(self.command(movie, scratch), cwd=scratch, log=log))
            check_frames(movie, len(shifts), self.skip_first + self.skip_last, program)
            micrograph = self._keep(movie, scratch, folder)
        return report(movie, micrograph, self._table(movie, shifts), program, self.largest_step)

    def command(self, movie: Movie, scratch: Path) -> list[str]:
        """Return the command line; files that the program needs are written to a scratch folder."""
        acquisition = movie.acquisition
        words = [self.executable, *input_flags(movie)]
        words += ["-OutMrc", str(scratch / f"{movie.path.stem}.mrc")]
        words += ["-PixSize", f"{acquisition.pixel_size:.6g}", "-kV", f"{acquisition.voltage:.6g}"]
        if self._is_weighted(movie):
            words += ["-FmDose", f"{acquisition.dose_per_frame:.6g}", "-InitDose", f"{movie.pre_exposure:.6g}"]
        words += gain_flags(movie, scratch) + defect_flags(movie) + eer_flags(movie, scratch)
        return words + flags(self)

    def _is_weighted(self, movie: Movie) -> bool:
        return self.dose_weighting and movie.acquisition.dose_per_frame > 0

    def _keep(self, movie: Movie, scratch: Path, folder: Path) -> Micrograph:
        """Move the sums out of the scratch folder, under the names that the embedded tool and RELION use."""
        is_weighted = self._is_weighted(movie)
        stem = movie.path.stem

        def keep(theirs: str, ours: str) -> Path:
            return take(scratch / f"{stem}{theirs}.mrc", folder / f"{stem}{ours}.mrc", self.executable)

        return Micrograph(
            path=keep("_DW" if is_weighted else "", ""),
            pixel_size=movie.acquisition.pixel_size * self.binning,
            unweighted=keep("", "_noDW") if is_weighted else None,
            even=keep("_EVN", "_EVN") if self.halves else None,
            odd=keep("_ODD", "_ODD") if self.halves else None,
            weighted=is_weighted,
        )

    def _table(self, movie: Movie, shifts: tuple[Shift, ...]) -> MotionTable:
        return MotionTable(
            shape=(frame_count(movie), *frame_shape(movie)),
            binning=self.binning,
            first_frame=self.skip_first + 1,
            displacements=shifts,
        )
