"""The motion correction of AreTomo3 (doi:10.1101/2025.03.11.642690), on a GPU.

AreTomo3 corrects the motion of all movies that an mdoc file names, and goes on to their tomogram. It is given an mdoc
file of one movie, and no volume is asked for: how the rest of its work ends does not matter if the sums are there. It
does not weight them by dose, for it does that when it reconstructs.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.aretomo import nothing_written, version
from tasks.command import Flag, flags, run
from tasks.errors import CommandError, InputError
from tasks.formats.emptiness import refuse_empty
from tasks.formats.frames import frame_count, frame_shape
from tasks.formats.mrc import read_image, write_mrc
from tasks.models import Executable, Incidental, Micrograph, Model, Motion, Movie
from tasks.motion_correction.aretomo_files import MDOC, OUTPUT, prepare, read_shifts
from tasks.motion_correction.external import check_frames, report, scratch_of
from tasks.motion_correction.metadata import MotionTable
from tasks.motion_correction.motioncor_inputs import check_input, defect_flags, gain_flags, is_eer


class AreTomo3Motion(Model):
    """Global and local motion correction by AreTomo3, which writes sums without dose weighting."""

    tool: Literal["aretomo3"] = "aretomo3"
    executable: Executable = "AreTomo3"
    patches: Annotated[tuple[PositiveInt, PositiveInt], Flag("-McPatch")] = (5, 5)
    """Patches in x and y that local motion is found in; 1 1 for global motion only."""
    iterations: Annotated[PositiveInt, Flag("-McIter")] = 15
    """Most iterations of the alignment."""
    tolerance: Annotated[PositiveFloat, Flag("-McTol")] = 0.1
    """Shift in pixels at which the iterations end."""
    group: Annotated[tuple[PositiveInt, PositiveInt], Flag("-Group")] = (1, 4)
    """Frames that are summed before global and before local alignment."""
    binning: Annotated[float, Field(ge=1), Flag("-McBin")] = 1.0
    """Size of the micrograph's pixels in pixels of the frames."""
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
    largest_step: PositiveFloat = 100.0
    """Refuse a movie whose specimen seems to move farther than this from one frame to the next, in angstrom."""

    def version(self) -> str:
        """Ask the program for its name and version."""
        return version("AreTomo3", self.executable)

    def correct(self, movie: Movie, folder: Path) -> Motion:
        """Correct the motion of a movie and write the sums to a folder."""
        folder = folder.resolve()
        check_input(movie)
        program = self.version()
        log = folder / f"{movie.path.stem}_aretomo3.log"
        with scratch_of(movie, folder) as scratch:
            prepare(movie, scratch)
            self._run(movie, scratch, log)
            shifts = read_shifts(scratch)
            check_frames(movie, len(shifts), 0, program)
            micrograph = self._keep(movie, scratch, folder)
        table = MotionTable(shape=(frame_count(movie), *frame_shape(movie)), binning=self.binning, displacements=shifts)
        return report(movie, micrograph, table, program, self.largest_step)

    def command(self, movie: Movie, scratch: Path) -> list[str]:
        """Return the command line; files that the program needs are written to a scratch folder."""
        acquisition, sampling = movie.acquisition, movie.acquisition.eer
        if acquisition.defects and "-DefectMap" in defect_flags(movie):
            raise InputError(acquisition.defects, "an image", "a text file of rectangles, which alone AreTomo3 reads")
        hardware = sampling.grouping if is_eer(movie) else 1
        # Of an EER movie it wants the pixels of the sensor. Without a voltage it leaves the CTF alone.
        pixel_size = acquisition.pixel_size * (sampling.upsampling if is_eer(movie) else 1)
        words = [
            self.executable,
            "-Cmd",
            "0",
            "-InPrefix",
            str(scratch / MDOC),
            "-OutDir",
            str(scratch / OUTPUT.parent),
        ]
        words += ["-PixSize", f"{pixel_size:.6g}", "-VolZ", "0", "-FmInt", str(hardware)]
        words += ["-FmDose", f"{acquisition.dose_per_frame / hardware:.6g}"]
        words += ["-EerSampling", str(sampling.upsampling)] if is_eer(movie) else []
        return words + gain_flags(movie, scratch) + defect_flags(movie) + flags(self)

    def _suffixes(self) -> tuple[str, ...]:
        return ("", "_EVN", "_ODD") if self.halves else ("",)

    def _run(self, movie: Movie, scratch: Path, log: Path) -> None:
        images = [scratch / f"{OUTPUT}{suffix}.mrc" for suffix in self._suffixes()]
        try:
            run(self.command(movie, scratch), cwd=scratch, log=log)
        except CommandError:
            # Of one image it cannot make a tomogram, and may fail after it has written the sums.
            if not all(image.is_file() for image in images):
                raise
        for image in images:
            if not image.is_file():
                raise nothing_written("AreTomo3", image, log)
            refuse_empty(image, "AreTomo3")

    def _keep(self, movie: Movie, scratch: Path, folder: Path) -> Micrograph:
        """Take the sums, which AreTomo3 writes as series of one image, under the names of the other tools."""
        pixel_size = movie.acquisition.pixel_size * self.binning
        kept = {suffix: folder / f"{movie.path.stem}{suffix}.mrc" for suffix in self._suffixes()}
        for suffix, path in kept.items():
            write_mrc(path, read_image(scratch / f"{OUTPUT}{suffix}.mrc"), pixel_size)
        return Micrograph(
            path=kept[""], pixel_size=pixel_size, even=kept.get("_EVN"), odd=kept.get("_ODD"), weighted=False
        )
