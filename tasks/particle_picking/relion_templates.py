"""RELION's picking by templates (Scheres 2015, doi:10.1016/j.jsb.2014.11.010)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from tasks.command import Flag
from tasks.errors import FormatError, InputError
from tasks.formats.mrc import header, read_image
from tasks.models import Executable, Micrograph, Model, Picks
from tasks.particle_picking.checks import check
from tasks.particle_picking.outcome import Outcome
from tasks.particle_picking.relion_run import autopick, start
from tasks.relion.flags import relion_flags
from tasks.relion.version import relion_version


class RelionTemplates(Model):
    """Places that look like class averages or views of a density, found by relion_autopick of RELION 3.1 or later."""

    tool: Literal["relion_templates"] = "relion_templates"
    executable: Executable = "relion_autopick"
    references: Path
    """MRC stack of class averages (.mrcs), a STAR file that lists such, or an MRC density (.mrc). They must have the
    scale of RELION's class averages and refined densities, of particles in noise of standard deviation 1: stronger ones
    find nothing."""
    reference_pixel_size: PositiveFloat | None = None
    """Pixel size of the references in angstrom; none to believe the file."""
    diameter: PositiveFloat = 150.0
    """Diameter of the particles in angstrom."""
    threshold: Annotated[float, Flag("--threshold")] = 0.3
    """Lowest figure of merit of a particle, as a fraction of what is expected of one; 0.05 to 1 are usual. Lower is not
    always more: particles whose peaks touch become one."""
    distance: PositiveFloat = 0.7
    """Smallest distance of two particles, in diameters."""
    most_deviation: Annotated[PositiveFloat | None, Flag("--max_stddev_noise")] = None
    """Leave out what lies in areas of a larger standard deviation, such as carbon; 1.1 is usual."""
    angular_step: Annotated[float, Field(gt=0, le=360), Flag("--ang")] = 10.0
    """Step of the rotations that are tried, in degree; 360 for none, as for round particles."""
    lowpass: Annotated[PositiveFloat, Flag("--lowpass")] = 20.0
    """Resolution in angstrom to which references are filtered; finer than the first zero of the CTF does not help."""
    highpass: Annotated[PositiveFloat | None, Flag("--highpass")] = None
    """Resolution in angstrom below which micrographs are filtered; more than the particles are large."""
    healpix_order: Annotated[int, Field(ge=0, le=3), Flag("--healpix_order")] = 1
    """Views of a density: 0 for steps of 60 degree, 1 for 30, 2 for 15."""
    symmetry: Annotated[str, Field(min_length=1), Flag("--sym")] = "C1"
    """Point group of a density."""
    dark: Annotated[bool, Flag("--invert")] = True
    """Whether particles are dark in micrographs, and bright in the references."""

    def version(self) -> str:
        """Ask RELION for its version."""
        return relion_version(self.executable).program

    def pick(self, micrograph: Micrograph, folder: Path) -> Picks:
        """Find the particles of a micrograph; leave their coordinates and the log in the folder."""
        image = read_image(micrograph.path, micrograph.section)
        check(image, micrograph, self.diameter)
        command = self.command(micrograph.pixel_size)
        program = self.version()
        folder.mkdir(parents=True, exist_ok=True)
        places, merits = autopick(command, micrograph, folder)
        return Outcome(places, merits, self.diameter, self.threshold, program).keep(image, micrograph, folder)

    def command(self, pixel_size: float) -> list[str]:
        """Return the command that picks the image in its folder."""
        words = [*start(self.executable, pixel_size), "--ref", str(self.references.absolute()), "--angpix_ref"]
        words += [f"{self.pixel_size_of_references():g}", "--particle_diameter", f"{self.diameter:g}"]
        words += ["--min_distance", f"{self.distance * self.diameter:g}", "--shrink", "0"]
        return words + relion_flags(self)

    def pixel_size_of_references(self) -> float:
        """Return the pixel size of the references in angstrom, as given or as their file says."""
        if not self.references.is_file():
            raise InputError(self.references, "no such file", "references of particles")
        if self.references.suffix == ".star":
            if self.reference_pixel_size is None:
                raise InputError("reference_pixel_size", "none", f"that of the references in {self.references}")
            return self.reference_pixel_size
        found = header(self.references)
        deep, rows, columns = found.shape
        if rows != columns or (self.references.suffix == ".mrc" and deep not in {1, rows}):
            expected = "square images in a stack (.mrcs), or a cube (.mrc)"
            raise FormatError(self.references, f"{columns} x {rows} x {deep} pixels", expected)
        size = self.reference_pixel_size or found.pixel_size
        if size is None:
            raise InputError(self.references, "no pixel size", "one in the file, or reference_pixel_size beside it")
        return size
