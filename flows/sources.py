"""Where the exposures of a tilt series come from, as a choice in the flow's form."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat

from tasks.errors import InputError
from tasks.models import Acquisition, Model, Optics, TiltSeries, one_of
from tasks.step import step
from tasks.tilt_series_grouping import ListedTilt, check, from_files, from_list, from_mdoc, from_stack
from tasks.tilt_series_grouping.file_names import PATTERN


class MdocSource(Model):
    """Movies or images that an mdoc file describes (SerialEM or Tomography 5)."""

    kind: Literal["mdoc"] = "mdoc"
    mdoc: Path
    """The mdoc file of the series."""
    frames: Path
    """Folder of the movies or images; folders below are searched too."""
    acquisition: Acquisition
    tilt_axis_angle: float | None = None
    """Direction of the tilt axis in degree, counter-clockwise from y; none takes that of the mdoc."""
    dose_per_tilt: PositiveFloat | None = None
    """Dose of a tilt in electron per square angstrom, if neither the acquisition nor the mdoc gives it."""

    def gather(self, _folder: Path) -> TiltSeries:
        """Make the tilt series; a stack of another format is converted in the folder."""
        return from_mdoc(
            self.mdoc,
            self.frames,
            self.acquisition,
            tilt_axis_angle=self.tilt_axis_angle,
            dose_per_tilt=self.dose_per_tilt,
        )


class FileSource(Model):
    """Movies or images whose names say series, number and angle."""

    kind: Literal["files"] = "files"
    folder: Path
    """Folder of the movies or images."""
    series: str | None = None
    """Which series of the folder; needed if it holds several."""
    pattern: str = PATTERN
    """Regular expression for names without suffix, with groups series, angle, and number or time."""
    acquisition: Acquisition
    tilt_axis_angle: float
    """Direction of the tilt axis in degree, counter-clockwise from y."""
    dose_per_tilt: PositiveFloat | None = None
    """Dose of a tilt in electron per square angstrom, if the acquisition does not give it."""

    def gather(self, _folder: Path) -> TiltSeries:
        """Make the tilt series; a stack of another format is converted in the folder."""
        found = from_files(
            self.folder,
            self.acquisition,
            tilt_axis_angle=self.tilt_axis_angle,
            pattern=self.pattern,
            dose_per_tilt=self.dose_per_tilt,
        )
        wanted = [series for series in found.series if self.series in {None, series.name}]
        if len(wanted) != 1:
            names = ", ".join(series.name for series in found.series)
            raise InputError(self.folder, f"the series {names}", f"one series, named {self.series or 'by `series`'}")
        excluded = wanted[0].excluded + found.excluded
        return wanted[0].model_copy(update={"excluded": excluded})


class ListedSource(Model):
    """Movies or images that are named one by one."""

    kind: Literal["list"] = "list"
    name: str = "tilts"
    """Name of the series."""
    tilts: tuple[ListedTilt, ...]
    """In the order of acquisition, if their names do not say it."""
    pattern: str = PATTERN
    """Names that say the order: a regular expression for names without suffix, with groups as for files."""
    acquisition: Acquisition
    """Of tilts that do not have their own."""
    tilt_axis_angle: float
    """Direction of the tilt axis in degree, counter-clockwise from y."""
    dose_per_tilt: PositiveFloat | None = None
    """Dose in electron per square angstrom of tilts that are images already."""

    def gather(self, _folder: Path) -> TiltSeries:
        """Make the tilt series; a tilt whose file is not there is excluded."""
        return from_list(
            self.name,
            self.tilts,
            self.acquisition,
            tilt_axis_angle=self.tilt_axis_angle,
            pattern=self.pattern,
            dose_per_tilt=self.dose_per_tilt,
        )


class StackSource(Model):
    """A finished stack of images (MRC or DM)."""

    kind: Literal["stack"] = "stack"
    stack: Path
    """MRC (.mrc, .st) or DM3/DM4 file; one section for each tilt."""
    angles: Path | None = None
    """Tilt angles in the order of the sections: .rawtlt, .tlt or .mdoc; none looks for such a file beside the stack."""
    pixel_size: PositiveFloat | None = None
    """Pixel size in angstrom; none takes that of the stack."""
    tilt_axis_angle: float | None = None
    """Direction of the tilt axis in degree, counter-clockwise from y; none takes that of the mdoc."""
    dose_per_tilt: NonNegativeFloat | None = None
    """Dose of a tilt in electron per square angstrom, if the mdoc does not give it."""
    order: tuple[NonNegativeInt, ...] | None = None
    """Sections (from 0) in the order of acquisition, if the mdoc does not say it; the dose before a tilt needs it."""
    optics: Optics = Optics()

    def gather(self, folder: Path) -> TiltSeries:
        """Make the tilt series; a stack of another format is converted in the folder."""
        return from_stack(
            self.stack,
            self.angles,
            folder=folder,
            optics=self.optics,
            pixel_size=self.pixel_size,
            tilt_axis_angle=self.tilt_axis_angle,
            order=self.order,
            dose_per_tilt=self.dose_per_tilt,
        )


TiltSeriesSource = Annotated[MdocSource | FileSource | ListedSource | StackSource, one_of("kind")]


@step(task_run_name="tilts of {name}")
def gather_tilts(name: str, source: TiltSeriesSource, folder: Path) -> TiltSeries:
    """Gather the tilts of a series and check them and the folder of the results, before any work starts."""
    series = source.gather(folder / "tilt_series")
    return check(series.model_copy(update={"name": name}), folder)
