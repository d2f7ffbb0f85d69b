"""What CTFFIND 4 and 5 have in common: how they are run, what they write, and what of it we tell."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pydantic import Field, PositiveFloat, ValidationError

from tasks.command import run
from tasks.ctf_estimation.ctffind_files import CtffindValues, read_averages, read_banner, read_values
from tasks.ctf_estimation.direction import larger_first
from tasks.ctf_estimation.ice import ice_ring
from tasks.ctf_estimation.measurement import Image, check, measure
from tasks.ctf_estimation.naming import image_of, name_of
from tasks.ctf_estimation.picture import Comparison, draw, even_contrast
from tasks.ctf_estimation.profile import RadialProfile, write_profile
from tasks.ctf_estimation.tiles import tile
from tasks.errors import CommandError, ResultError
from tasks.formats.mrc import header, read_image, write_mrc
from tasks.models import Ctf, Executable, Micrograph, Model, Optics, TiltGeometry

_TILE = 800.0
"""Angstrom; of the spectra that show ice."""
_PATIENCE = 60.0
"""Seconds; it says its version at once."""


class Ctffind(Model):
    """Fit the contrast transfer function with a program of the CTFFIND family."""

    tool: str
    executable: Executable
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
    astigmatism: PositiveFloat | None = None
    """Expected astigmatism in angstrom, much more than which is penalised; none for no such restraint."""
    phase_shift_range: tuple[float, float] | None = None
    """Lowest and highest phase shift in degree to be searched; none without a phase plate."""
    phase_shift_step: PositiveFloat = 10.0
    """Step of the search of the phase shift in degree."""

    def version(self) -> str:
        """Ask the program for its name and version, which it says before its first question."""
        with TemporaryDirectory(prefix=".version.") as folder:
            log = Path(folder) / "log"
            try:
                run([self.executable], cwd=Path(folder), answers=["none"], log=log, timeout=_PATIENCE)
            except CommandError:
                # It ends badly as there is no such image; that it cannot be started at all is another matter.
                if "Version" not in log.read_text(errors="replace"):
                    raise
            return read_banner(log.read_text(errors="replace"))

    def estimate(
        self,
        micrograph: Micrograph,
        optics: Optics,
        folder: Path,
        tilt: TiltGeometry | None = None,  # noqa: ARG002 - the program cannot be told
    ) -> Ctf:
        """Estimate the contrast transfer function of a micrograph; leave a picture and a profile in the folder."""
        path, name = image_of(micrograph), name_of(micrograph)
        image = read_image(path, micrograph.section)
        check(image, path)
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{name}_ctf.", dir=folder.resolve()) as inner:
            source, output = path.resolve(), Path(inner) / f"{name}_ctf.mrc"
            if header(path).shape[0] > 1:
                # Of a stack the program would ask one question more, and fit every section.
                source = Path(inner) / f"{name}.mrc"
                write_mrc(source, image, micrograph.pixel_size)
            answers = self.answers(source, output, micrograph.pixel_size, optics)
            run([self.executable], cwd=Path(inner), answers=answers, log=folder / f"{name}_ctf.log")
            values, profile = _read(output, name)
            picture = _picture(output, values, profile)
            output.replace(folder / output.name)
        diagnostic, table = folder / f"{name}_ctf.png", folder / f"{name}_ctf.csv"
        draw(diagnostic, picture)
        write_profile(table, profile)
        return _result(values, _ice(image, micrograph.pixel_size), diagnostic, table, name)

    def answers(self, source: Path, output: Path, pixel_size: float, optics: Optics) -> list[object]:
        """Answer the questions up to that for a phase shift, in the order in which the program asks them."""
        restraint = ["no"] if self.astigmatism is None else ["yes", self.astigmatism]
        phase: list[object] = ["no"]
        if self.phase_shift_range is not None:
            phase = ["yes", *(math.radians(angle) for angle in (*self.phase_shift_range, self.phase_shift_step))]
        return [
            source,
            output,
            pixel_size,
            optics.voltage,
            optics.spherical_aberration,
            optics.amplitude_contrast,
            self.box_size,
            *self.resolution_range,
            *self.defocus_range,
            self.defocus_step,
            "no",  # astigmatism is not known
            "yes" if self.exhaustive_search else "no",
            *restraint,
            *phase,
        ]


def _read(output: Path, name: str) -> tuple[CtffindValues, RadialProfile]:
    """Read all that the program should have written."""
    values, averages = output.with_suffix(".txt"), output.with_name(f"{output.stem}_avrot.txt")
    for path in (values, averages, output):
        if not path.is_file():
            raise ResultError(f"{name}: CTFFIND ended without error but did not write {path.name}; see its log")
    return read_values(values), read_averages(averages)


def _picture(output: Path, values: CtffindValues, profile: RadialProfile) -> Comparison:
    """Picture the spectrum that the program wrote: its fit is on the left."""
    spectrum = read_image(output)
    step = float(profile.frequency[1] - profile.frequency[0])
    title = (
        f"defocus {values.defocus_1:.0f} and {values.defocus_2:.0f} A, {values.azimuth:.1f} degree; "
        f"fitted to {values.resolution:.1f} A; score {values.score:.3f}"
    )
    reach = step * spectrum.shape[0] / 2
    return Comparison(
        spectrum=even_contrast(spectrum.astype(np.float64)),
        reach=reach,
        profile=profile,
        resolution=values.resolution,
        title=title,
        labels=("fitted", "observed"),
    )


def _ice(image: Image, pixel_size: float) -> float:
    """Measure the ring of ice as the built-in tool does: the averages of CTFFIND have lost their background."""
    tiling = tile((image.shape[0], image.shape[1]), pixel_size, _TILE)
    return ice_ring(measure(image, tiling, pixel_size, (1 / 30, min(1 / 5, 0.47 / pixel_size)), "cpu").polar)


def _result(values: CtffindValues, ice: float, diagnostic: Path, table: Path, name: str) -> Ctf:
    larger, smaller, angle = larger_first(values.defocus_1, values.defocus_2, values.azimuth)
    try:
        return Ctf(
            defocus_u=larger,
            defocus_v=smaller,
            defocus_angle=angle,
            phase_shift=math.degrees(values.phase_shift),
            resolution=values.resolution,
            figure_of_merit=values.score,
            ice_ring=ice,
            diagnostic=diagnostic,
            profile=table,
            tilt=values.tilt,
            thickness=values.thickness,
            program=f"CTFFIND {values.version}",
        )
    except ValidationError as error:
        raise ResultError(f"{name}: the values of CTFFIND cannot be used: {error}") from None
