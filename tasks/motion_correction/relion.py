"""RELION's own implementation of motion correction (Zivanov et al. 2019, doi:10.1107/S205225251801463X)."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from tasks.command import Flag, run
from tasks.errors import CommandError, InputError
from tasks.formats.frames import frame_count
from tasks.models import Executable, Micrograph, Model, Motion, Movie, Threads
from tasks.motion_correction.external import check_frames, report, scratch_of, take
from tasks.motion_correction.relion_inputs import OUTPUT, gain_flags, prepare, spectrum_flags
from tasks.motion_correction.relion_motion import read_motion
from tasks.relion.failures import end, failure
from tasks.relion.flags import relion_flags
from tasks.relion.version import GRADIENT, RelionVersion, relion_version

_HALVES = RelionVersion(5)
"""The first version that sums odd and even frames apart."""
_VOLTAGES = (300, 200, 100)
"""Kilovolt; RELION knows no other weights of the dose."""
_LEAST = 3
"""Groups of frames that RELION aligns."""


class RelionMotion(Model):
    """Global and local motion correction by relion_run_motioncorr --use_own of RELION 3.1 or later."""

    tool: Literal["relion"] = "relion"
    executable: Executable = "relion_run_motioncorr"
    patches: tuple[PositiveInt, PositiveInt] = (5, 5)
    """Patches in x and y that local motion is found in; with fewer than 3 either way, motion is the same everywhere."""
    b_factor: Annotated[PositiveFloat, Flag("--bfactor")] = 150.0
    """B factor of the alignment, in square pixels."""
    iterations: Annotated[PositiveInt, Flag("--max_iter")] = 5
    """Most iterations of the alignment."""
    group: Annotated[PositiveInt, Flag("--group_frames")] = 1
    """Frames that are summed before local motion is measured."""
    binning: Annotated[float, Field(ge=1), Flag("--bin_factor")] = 1.0
    """Size of the micrograph's pixels in pixels of the frames."""
    skip_first: NonNegativeInt = 0
    """Frames to leave out at the start."""
    skip_last: NonNegativeInt = 0
    """Frames to leave out at the end."""
    dose_weighting: bool = True
    """Weight frequencies by what the dose has left of them; needs the dose per frame."""
    halves: bool = True
    """Write the sums of the odd and the even frames too, which denoising needs: RELION 5 can, older ones write none."""
    power_spectrum: bool = True
    """Write the power spectrum of short groups of frames too."""
    half_precision: Annotated[bool, Flag("--float16")] = False
    """Write images with 16 bits per pixel: RELION 4 or later, and not all other programs read them."""
    largest_step: PositiveFloat = 100.0
    """Refuse a movie whose specimen seems to move farther than this from one frame to the next, in angstrom."""
    threads: Annotated[Threads, Flag("--j")] = 1

    @model_validator(mode="after")
    def spectra_are_written_in_full(self) -> Self:
        """Refuse half precision without a power spectrum, as RELION does."""
        if self.half_precision and not self.power_spectrum:
            raise ValueError("half_precision needs power_spectrum: the CTF is not to be estimated from such images")
        return self

    def version(self) -> str:
        """Ask the program for its name and version."""
        return relion_version(self.executable).program

    def correct(self, movie: Movie, folder: Path) -> Motion:
        """Correct the motion of a movie and write the sums to a folder."""
        folder = folder.resolve()
        version = relion_version(self.executable)
        self._check(movie, version)
        with scratch_of(movie, folder) as scratch:
            prepare(movie, scratch)
            self._run(self.command(movie, scratch, version), scratch, folder / f"{movie.path.stem}_relion.log")
            found = read_motion(scratch / f"{OUTPUT}.star", movie, self.binning)
            check_frames(movie, len(found.displacements), self.skip_first + self.skip_last, version.program)
            micrograph = self._keep(movie, scratch, folder, version)
        return report(movie, micrograph, found, version.program, self.largest_step)

    def command(self, movie: Movie, scratch: Path, version: RelionVersion) -> list[str]:
        """Return the command line, to be run in a scratch folder where the input is prepared."""
        acquisition, last = movie.acquisition, frame_count(movie) - self.skip_last if self.skip_last else -1
        words = [self.executable, "--use_own", "--i", "movies.star", "--o", "out/"]
        words += ["--first_frame_sum", str(self.skip_first + 1), "--last_frame_sum", str(last)]
        words += ["--patch_x", str(self.patches[0]), "--patch_y", str(self.patches[1]), *relion_flags(self)]
        if self._is_weighted(movie):
            dose = [
                "--dose_per_frame",
                f"{acquisition.dose_per_frame:.6g}",
                "--preexposure",
                f"{movie.pre_exposure:.6g}",
            ]
            words += ["--dose_weighting", "--save_noDW", *dose]
        if movie.path.suffix.lower() == ".eer":
            sampling = acquisition.eer
            words += ["--eer_grouping", str(sampling.grouping), "--eer_upsampling", str(sampling.upsampling)]
        words += gain_flags(movie, scratch)
        words += ["--defect_file", str(acquisition.defects.resolve())] if acquisition.defects else []
        words += spectrum_flags(movie, self.binning) if self.power_spectrum else []
        return words + (["--even_odd_split"] if self._are_halved(version) else [])

    def _is_weighted(self, movie: Movie) -> bool:
        return self.dose_weighting and movie.acquisition.dose_per_frame > 0

    def _are_halved(self, version: RelionVersion) -> bool:
        return self.halves and version >= _HALVES

    def _check(self, movie: Movie, version: RelionVersion) -> None:
        """Refuse what RELION would refuse, before it is started."""
        used, least = frame_count(movie) - self.skip_first - self.skip_last, _LEAST * self.group
        if used < least:
            raise InputError(movie.path, f"{used} frames", f"at least {least}, without which RELION skips a movie")
        if self.half_precision:
            version.require(GRADIENT, "half_precision", "full precision")
        voltage = movie.acquisition.voltage
        if self._is_weighted(movie) and not any(abs(voltage - known) <= 2 for known in _VOLTAGES):
            raise InputError(movie.path, f"{voltage:g} kV", "300, 200 or 100 kV, for which RELION can weight the dose")

    def _run(self, command: list[str], scratch: Path, log: Path) -> None:
        try:
            said = run(command, cwd=scratch, log=log)
        except CommandError as error:
            raise failure(error, log.read_text(errors="replace") if log.is_file() else "") from error
        if not (scratch / f"{OUTPUT}.star").is_file():
            raise CommandError(f"{self.executable} ended well but skipped the movie; it last said:\n{end(said)}", log)

    def _keep(self, movie: Movie, scratch: Path, folder: Path, version: RelionVersion) -> Micrograph:
        """Move the images out of the scratch folder; they keep RELION's names."""

        def keep(suffix: str) -> Path:
            return take(scratch / f"{OUTPUT}{suffix}.mrc", folder / f"{movie.path.stem}{suffix}.mrc", self.executable)

        are_halved = self._are_halved(version)
        return Micrograph(
            path=keep(""),
            pixel_size=movie.acquisition.pixel_size * self.binning,
            unweighted=keep("_noDW") if self._is_weighted(movie) else None,
            even=keep("_EVN") if are_halved else None,
            odd=keep("_ODD") if are_halved else None,
            power_spectrum=keep("_PS") if self.power_spectrum else None,
            weighted=self._is_weighted(movie),
        )
