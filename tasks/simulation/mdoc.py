"""The text that SerialEM writes beside a tilt series."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.formats.files import replacing
from tasks.models import Acquisition, Movie
from tasks.simulation.truth import TiltSeriesTruth, TiltTruth

_START = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)


def write_mdoc(path: Path, truth: TiltSeriesTruth) -> None:
    """Write the mdoc of a series whose movies have been written, in the order of acquisition."""
    taken = [(tilt, tilt.movie) for tilt in sorted(truth.tilts, key=lambda tilt: tilt.number) if tilt.movie]
    blocks = [_opening(path, taken[0][1].acquisition, truth.nominal_axis_angle)]
    blocks += [_block(tilt, movie, truth.nominal_axis_angle) for tilt, movie in taken]
    with replacing(path) as beside:
        beside.write_text("\n\n".join("\n".join(block) for block in blocks) + "\n")


def _opening(path: Path, acquisition: Acquisition, axis_angle: float) -> list[str]:
    return [
        f"PixelSpacing = {acquisition.pixel_size:g}",
        f"Voltage = {acquisition.voltage:g}",
        f"ImageFile = {path.stem}",
        "DataMode = 1",
        "",
        f"[T = Tilt axis angle = {axis_angle:.1f}, binning = 1  spot = 6  camera = 0]",
    ]


def _block(tilt: TiltTruth, movie: Movie, axis_angle: float) -> list[str]:
    acquisition = movie.acquisition
    frames = len(tilt.displacements)
    taken = _START + timedelta(seconds=45 * (tilt.number - 1))
    # SerialEM gives the direction of the axis in the title, and turned by 90 degree within half a turn here.
    rotation = (axis_angle + 90 + 180) % 360 - 180
    return [
        f"[ZValue = {tilt.number - 1}]",
        f"TiltAngle = {tilt.nominal_angle:g}",
        "StagePosition = 12.5 -34.25",
        "StageZ = 10.5",
        "Magnification = 33000",
        "Intensity = 0.12",
        f"ExposureDose = {frames * acquisition.dose_per_frame:g}",
        f"PixelSpacing = {acquisition.pixel_size:g}",
        "SpotSize = 6",
        f"Defocus = {-tilt.defocus.mean / 1e4:.4f}",
        f"RotationAngle = {rotation:g}",
        "ExposureTime = 1.2",
        "Binning = 1",
        f"TargetDefocus = {-round(tilt.defocus.mean / 1e4, 1):g}",
        f"SubFramePath = X:\\session\\frames\\{movie.path.name}",
        f"NumSubFrames = {frames}",
        f"FrameDosesAndNumber = {acquisition.dose_per_frame:g} {frames}",
        f"DateTime = {taken:%d-%b-%Y  %H:%M:%S}",
    ]
