"""RELION's wrapper, which has CTFFIND or Gctf do the work, and says what they found in its own terms."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, ValidationError, model_validator

from tasks.command import run
from tasks.ctf_estimation.aberrations import from_defoci
from tasks.ctf_estimation.measurement import check
from tasks.ctf_estimation.naming import image_of, name_of
from tasks.ctf_estimation.relion_files import STAR, RelionValues, prepare, program_log, read_found, read_program
from tasks.ctf_estimation.showing import Picture, show
from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import read_image, write_mrc
from tasks.models import Ctf, Executable, Micrograph, Model, Optics, TiltGeometry
from tasks.relion.failures import failure
from tasks.relion.version import BLUSH, RelionVersion, relion_version

_PROGRAMS = {"ctffind4": "--is_ctffind4", "ctffind5": "--is_ctffind5", "gctf": "--use_gctf"}


class RelionCtf(Model):
    """Fit the contrast transfer function with CTFFIND or Gctf as RELION runs them (relion_run_ctffind)."""

    tool: Literal["relion"] = "relion"
    executable: Executable = "relion_run_ctffind"
    program: Literal["ctffind4", "ctffind5", "gctf"] = "ctffind4"
    """What does the work: CTFFIND 4.1, CTFFIND 5 (RELION 5 or later), or Gctf (RELION 4 or earlier, on a GPU)."""
    program_executable: Executable = "ctffind"
    """Name or path of that program, where RELION finds it."""
    box_size: int = Field(default=512, ge=128)
    """Side of the amplitude spectrum in pixels."""
    resolution_range: tuple[PositiveFloat, PositiveFloat] = (30.0, 5.0)
    """Lowest and highest resolution in angstrom used in the fit."""
    defocus_range: tuple[PositiveFloat, PositiveFloat] = (5_000.0, 50_000.0)
    """Lowest and highest defocus in angstrom to be searched."""
    defocus_step: PositiveFloat = 100.0
    """Step of the search in angstrom."""
    exhaustive_search: bool = False
    """Search in two dimensions: slow, for astigmatism of more than 1000 angstrom."""
    astigmatism: PositiveFloat = 200.0
    """Expected astigmatism in angstrom, much more than which is penalised."""
    phase_shift_range: tuple[float, float] | None = None
    """Lowest and highest phase shift in degree to be searched; none without a phase plate."""
    phase_shift_step: PositiveFloat = 10.0
    """Step of the search of the phase shift in degree."""
    gpu: NonNegativeInt = 0
    """Number of the GPU for Gctf."""

    @model_validator(mode="after")
    def ranges_are_ordered(self) -> Self:
        """Refuse a range that holds nothing."""
        if self.defocus_range[0] >= self.defocus_range[1]:
            raise ValueError(f"defocus_range {self.defocus_range}: the lowest must come first")
        return self

    def version(self) -> str:
        """Ask RELION for its name and version."""
        return relion_version(self.executable).program

    def estimate(self, micrograph: Micrograph, optics: Optics, folder: Path, tilt: TiltGeometry | None = None) -> Ctf:
        """Estimate the contrast transfer function of a micrograph; leave a picture and a profile in the folder."""
        path, name = image_of(micrograph), name_of(micrograph)
        image = read_image(path, micrograph.section)
        check(image, path)
        version = relion_version(self.executable)
        self._check(version)
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{name}_ctf.", dir=folder.resolve()) as inner:
            scratch = Path(inner)
            write_mrc(prepare(scratch, micrograph.pixel_size, optics), image, micrograph.pixel_size)
            found = read_found(scratch, self._run(scratch, folder / f"{name}_ctf.log"))
            program = f"{version.program} with {read_program(scratch)}"
        picture = show(micrograph, optics, folder, from_defoci(*found[:4]), tilt)
        return _result(found, picture, program, name)

    def command(self) -> list[str]:
        """Return the command line, to be run in a folder where the image is prepared."""
        gctf = self.program == "gctf"
        words = [self.executable, "--i", STAR, "--o", "out/", _PROGRAMS[self.program]]
        words += ["--gctf_exe" if gctf else "--ctffind_exe", self.program_executable, "--ctfWin", "-1"]
        words += ["--Box", str(self.box_size)]
        ranges = (*self.resolution_range, *self.defocus_range, self.defocus_step, self.astigmatism)
        flags = ("--ResMin", "--ResMax", "--dFMin", "--dFMax", "--FStep", "--dAst")
        words += [word for flag, value in zip(flags, ranges, strict=True) for word in (flag, f"{value:g}")]
        if self.phase_shift_range is not None:
            low, high = self.phase_shift_range
            words += ["--do_phaseshift", "--phase_min", f"{low:g}", "--phase_max", f"{high:g}"]
            words += ["--phase_step", f"{self.phase_shift_step:g}"]
        if gctf:
            return [*words, "--EPA", "--gpu", str(self.gpu)]
        return words + ([] if self.exhaustive_search else ["--fast_search"])

    def _check(self, version: RelionVersion) -> None:
        """Refuse a program that this RELION does not run."""
        if self.program == "ctffind5":
            version.require(BLUSH, "program ctffind5", "another program")
        if self.program == "gctf" and version >= BLUSH:
            raise InputError("program gctf", version.program, "RELION 4 or earlier, or another program")

    def _run(self, scratch: Path, log: Path) -> str:
        """Run RELION and return what it said; its log says too what the program under it has said."""
        try:
            # It writes scripts for the C shell otherwise, which few machines have.
            return run(self.command(), cwd=scratch, log=log, environment={"RELION_SHELL": "sh"})
        except CommandError as error:
            raise failure(error, log.read_text(errors="replace")) from error
        finally:
            with log.open("a") as file:
                file.write(program_log(scratch))


def _result(found: RelionValues, picture: Picture, program: str, name: str) -> Ctf:
    try:
        return Ctf(
            defocus_u=found.defocus_u,
            defocus_v=found.defocus_v,
            defocus_angle=found.defocus_angle,
            phase_shift=found.phase_shift,
            resolution=found.resolution or picture.resolution,
            figure_of_merit=found.figure_of_merit,
            ice_ring=picture.ice_ring,
            diagnostic=picture.diagnostic,
            profile=picture.profile,
            program=program,
        )
    except ValidationError as error:
        raise ResultError(f"{name}: the values of RELION cannot be used: {error}") from None
