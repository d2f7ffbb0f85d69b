"""Tilt series of mdoc files and a folder of frames."""

from collections.abc import Sequence
from pathlib import Path

from tasks.errors import FormatError, InputError
from tasks.formats.mdoc import Mdoc, MdocSection, read_mdoc
from tasks.models import Acquisition, TiltSeries
from tasks.tilt_series_grouping.exposures import make_series
from tasks.tilt_series_grouping.file_names import series_in
from tasks.tilt_series_grouping.frame_files import SUFFIXES, FrameFolder
from tasks.tilt_series_grouping.movies import Recorded, exposures_of

OVERRIDE = "_override"


def from_mdoc(
    mdoc: Path | Sequence[Path],
    frames: Path,
    acquisition: Acquisition,
    *,
    tilt_axis_angle: float | None = None,
    dose_per_tilt: float | None = None,
) -> TiltSeries:
    """Make the tilt series that an mdoc file describes, or several that describe one movie each.

    The movies are in a folder or in folders below it. The direction of the tilt axis is taken from the mdoc unless it
    is given (that of Tomography 5 is known to be unreliable). ``dose_per_tilt`` is for images that are summed already,
    if the mdoc does not know their dose.
    """
    described = [read_mdoc(path) for path in ([mdoc] if isinstance(mdoc, Path) else mdoc)]
    if not described:
        raise InputError("mdoc", "no file", "at least one")
    sections = [section for one in described for section in one.sections]
    for one in described:
        _check(one, acquisition)
    axis = _axis_angle(described) if tilt_axis_angle is None else tilt_axis_angle
    folder = FrameFolder(frames)
    records = [_record(section, folder) for section in in_order_of_acquisition(sections)]
    exposures = exposures_of(records, acquisition, dose_per_tilt)
    return make_series(series_name(described), exposures, tilt_axis_angle=axis, optics=acquisition)


def series_name(described: Sequence[Mdoc]) -> str:
    """Return the name of a series: TS_01 for TS_01.mrc.mdoc, and for TS_01_000_0.0.mrc.mdoc and the others with it."""
    stem = image_stem(described[0].path)
    return series_in(stem) if len(described) > 1 else stem.removesuffix(OVERRIDE)


def image_stem(mdoc: Path) -> str:
    """Return the name of an mdoc file without its suffixes; the name itself may hold points."""
    stem = mdoc.name.removesuffix(".mdoc")
    for suffix in (*SUFFIXES, ".st"):
        stem = stem.removesuffix(suffix)
    return stem


def _check(mdoc: Mdoc, acquisition: Acquisition) -> None:
    """Refuse what is not the movies of tilts, or does not belong to the acquisition, before any movie is opened."""
    kinds = {section.kind for section in mdoc.sections}
    if kinds == {"ZValue", "FrameSet"}:
        raise InputError(mdoc.path, "several tilts in one movie", "one movie for each tilt")
    if "MontSection" in kinds:
        raise InputError(mdoc.path, "a montage", "a tilt series")
    if not any(section.sub_frame_path for section in mdoc.sections):
        raise InputError(mdoc.path, "no SubFramePath", "the movies of the tilts (a stack can be used without them)")
    if mdoc.voltage and abs(mdoc.voltage - acquisition.voltage) > 1:
        expected = f"{acquisition.voltage:g} kilovolt as the acquisition says"
        raise InputError(mdoc.path, f"Voltage = {mdoc.voltage:g}", expected)


def _axis_angle(described: Sequence[Mdoc]) -> float:
    angle = described[0].tilt_axis_angle
    if angle is None:
        raise InputError(described[0].path, "no tilt axis angle", "one in the mdoc or in the parameters")
    return angle


def in_order_of_acquisition(sections: Sequence[MdocSection]) -> list[MdocSection]:
    """Order sections by their time; without times by the dose before them; without it, they are in order."""
    times = [section.taken for section in sections if section.taken is not None]
    doses = [section.prior_dose for section in sections if section.prior_dose is not None]
    if len(times) == len(sections) and len(set(times)) > 1:
        # Sorting keeps the order of what was taken in the same second.
        return [sections[index] for index in sorted(range(len(sections)), key=times.__getitem__)]
    if len(doses) == len(sections) and len(set(doses)) > 1:
        return [sections[index] for index in sorted(range(len(sections)), key=doses.__getitem__)]
    return list(sections)


def _record(section: MdocSection, folder: FrameFolder) -> Recorded:
    """Look for the movie of a section."""
    path, problem, name = None, None, f"section {section.number}"
    if section.sub_frame_path is None or section.file_name is None:
        problem = "no SubFramePath in the mdoc"
    else:
        name = Path(section.file_name).stem
        try:
            path = folder.find(section.sub_frame_path)
        except FormatError as reason:
            problem = str(reason)
    return Recorded(
        name=name,
        angle=section.tilt_angle,
        path=path,
        problem=problem,
        frames=section.frames,
        dose=section.exposure_dose,
    )
