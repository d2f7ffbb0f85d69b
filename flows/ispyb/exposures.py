"""Rows of one exposure, of single particles or of a tilt: its movie, the motion in it and the CTF of its image.

Other than the writer that ISPyB's pages were made for, motion is told in angstrom, as its columns say, and its mean is
that of the steps between frames.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime

from flows.ispyb.askers import Asker
from tasks.ctf_estimation import CtfEstimator, EmbeddedCtf
from tasks.ispyb import Ref, Row, Value
from tasks.models import Acquisition, Ctf, Model, Motion
from tasks.motion_correction import AreTomo3Motion, EmbeddedMotion, MotionCor2, MotionCor3, MotionCorrector

Columns = dict[str, Value | Ref]


class MovieFile(Model):
    """A movie, as it was asked for."""

    path: Path
    taken: AwareDatetime | None = None
    """When it was taken; None if its file is not there."""

    def row(self, name: str, collection: int, values: Columns | None = None) -> Row:
        """Return its row in a data collection."""
        key: Columns = {"dataCollectionId": collection, "movieFullPath": str(self.path)}
        return Row(table="Movie", name=name, key=key, values={"createdTimeStamp": self.taken, **(values or {})})


class ExposurePictures(Model):
    """Pictures and plots of an exposure; None for what could not be drawn."""

    micrograph: Path | None = None
    drift: Path | None = None
    """Displacement of each frame, as JSON."""
    spectrum: Path | None = None
    """Observed beside fitted spectrum."""
    picks: Path | None = None
    """The particles on the micrograph."""


class Exposure(Model):
    """What was found of one exposure, and with what."""

    file: MovieFile
    acquisition: Acquisition
    corrector: MotionCorrector = EmbeddedMotion()
    estimator: CtfEstimator = EmbeddedCtf()
    motion: Motion | None = None
    ctf: Ctf | None = None
    angle: float | None = None
    """Nominal tilt in degree."""
    pictures: ExposurePictures = ExposurePictures()

    @property
    def image(self) -> Path:
        """The image that was made of the movie, or the movie if it was one already."""
        return self.motion.micrograph.path if self.motion else self.file.path

    @property
    def frames(self) -> int | None:
        """Number of frames in the movie, if it was one."""
        return sum(self.left_out) + len(self.motion.displacements) if self.motion else None

    @property
    def left_out(self) -> tuple[int, int]:
        """Frames that were left out at the beginning and at the end."""
        if isinstance(self.corrector, EmbeddedMotion | AreTomo3Motion):
            return 0, 0
        return self.corrector.skip_first, self.corrector.skip_last


def rows_of_exposure(askers: Sequence[Asker], exposure: Exposure) -> list[Row]:
    """Return the rows of an exposure for one program; who asked first says its number in the session."""
    asker = askers[0]
    rows = [movie_row(asker, exposure)]
    if exposure.motion or exposure.ctf:
        motion = _motion_row(asker, exposure)
        rows += [motion, *(again(motion, each.uuid) for each in askers[1:])]
    if exposure.ctf:
        rows.append(_ctf_row(asker, exposure, exposure.ctf))
    return rows


def movie_row(asker: Asker, exposure: Exposure) -> Row:
    """Return the row of the movie itself, which all programs share."""
    dose, frames = exposure.acquisition.dose_per_frame, exposure.frames
    values: Columns = {
        "movieNumber": asker.number,
        "angle": exposure.angle,
        "fluence": frames * dose if frames and dose else None,
        "numberOfFrames": frames,
        "foilHoleId": asker.foil_hole,
    }
    row = exposure.file.row(ref("movie", asker).row, asker.collection, values)
    return row.model_copy(update={"program": asker.program})


def movie_file(path: Path) -> MovieFile:
    """Return a movie with the time at which its file was written, which movers of files keep."""
    taken = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None
    return MovieFile(path=path, taken=taken)


def again(row: Row, uuid: int | None) -> Row:
    """Return a row once more, so that it is known by another number too."""
    return row.model_copy(update={"name": f"{row.name} as {uuid}", "uuid": uuid})


def ref(what: str, asker: Asker) -> Ref:
    """Return what names a row of an exposure within a delivery."""
    return Ref(row=f"{what} of {asker.program}")


def shown(picture: Path | None) -> str | None:
    """Return the path of a picture as a column holds it."""
    return str(picture) if picture else None


def _motion_row(asker: Asker, exposure: Exposure) -> Row:
    """Return the row that all else of the image hangs on; of an image that was summed already it says no motion."""
    return Row(
        table="MotionCorrection",
        name=ref("motion", asker).row,
        key={"autoProcProgramId": asker.program, "movieId": ref("movie", asker)},
        values={
            "dataCollectionId": asker.collection,
            "imageNumber": asker.number,
            "micrographFullPath": str(exposure.image),
            "micrographSnapshotFullPath": shown(exposure.pictures.micrograph),
            **(_motion(exposure, exposure.motion) if exposure.motion else {}),
        },
        program=asker.program,
        uuid=asker.uuid,
    )


def _motion(exposure: Exposure, motion: Motion) -> Columns:
    first, used = exposure.left_out[0] + 1, len(motion.displacements)
    patches = exposure.corrector.patches if _is_local(exposure.corrector, motion) else (1, 1)
    return {
        "firstFrame": first,
        "lastFrame": first + used - 1,
        "dosePerFrame": exposure.acquisition.dose_per_frame,
        "totalMotion": motion.total,
        "averageMotionPerFrame": motion.total / max(used - 1, 1),
        "driftPlotFullPath": shown(exposure.pictures.drift),
        "patchesUsedX": patches[0],
        "patchesUsedY": patches[1],
        "comments": motion.program,
    }


def _is_local(corrector: MotionCorrector, motion: Motion) -> bool:
    """Tell whether motion was corrected patch by patch; the MotionCor family does not say what it found there."""
    return isinstance(corrector, AreTomo3Motion | MotionCor2 | MotionCor3) or bool(motion.local_coefficients)


def _ctf_row(asker: Asker, exposure: Exposure, ctf: Ctf) -> Row:
    """Return the row of the CTF; all lengths are in angstrom, which the pages convert."""
    return Row(
        table="CTF",
        name=ref("ctf", asker).row,
        key={"autoProcProgramId": asker.program, "motionCorrectionId": ref("motion", asker)},
        values={
            "astigmatism": ctf.astigmatism,
            "astigmatismAngle": ctf.defocus_angle,
            "estimatedResolution": ctf.resolution,
            "estimatedDefocus": ctf.defocus,
            "amplitudeContrast": exposure.acquisition.amplitude_contrast,
            "ccValue": ctf.figure_of_merit,
            "fftTheoreticalFullPath": shown(exposure.pictures.spectrum),
            "comments": ctf.program,
            "iceRingDensity": ctf.ice_ring,
            **_searched(exposure.estimator),
        },
        program=asker.program,
    )


def _searched(estimator: CtfEstimator) -> Columns:
    """Return where the CTF was searched; the built-in estimator has neither one size of a box nor one step."""
    (least, most), (coarsest, finest) = estimator.defocus_range, estimator.resolution_range
    ranges: Columns = {
        "minResolution": coarsest,
        "maxResolution": finest,
        "minDefocus": least,
        "maxDefocus": most,
    }
    if isinstance(estimator, EmbeddedCtf):
        return ranges
    side = estimator.box_size
    return {**ranges, "boxSizeX": side, "boxSizeY": side, "defocusStepSize": estimator.defocus_step}
