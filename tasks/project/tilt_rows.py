"""What RELION 5 wants to know of each tilt, step by step."""

import math
from pathlib import Path

from tasks.formats.star_text import Value
from tasks.models import Ctf, Micrograph, Model, Motion, Movie, Tilt
from tasks.project.found import ProcessedTiltSeries
from tasks.project.places import Places, word
from tasks.tilt_series_alignment.conventions import to_relion

IMPORT, MOTION, CTF = "Import/job001", "MotionCorr/job002", "CtfFind/job003"

Columns = dict[str, Value]


class TiltRow(Model):
    """The columns that each step adds for one tilt; none from a step without a result for it."""

    number: int
    """Place in the order of acquisition."""
    angle: float
    imported: Columns
    moved: Columns | None = None
    fitted: Columns | None = None
    aligned: Columns | None = None
    scale: float
    """How much less a tilted, and so thicker, specimen counts."""


def tilt_rows(places: Places, found: ProcessedTiltSeries) -> list[TiltRow]:
    """Return the tilts of a series in the order of acquisition."""
    aligned = {tilt.name: tilt for tilt in found.alignment.tilts} if found.alignment else {}
    rows = [
        TiltRow(
            number=tilt.number,
            angle=tilt.angle,
            imported=_imported(places, found, tilt),
            moved=_moved(places, found, tilt),
            fitted=ctf_columns(ctf) if (ctf := found.ctfs.get(tilt.name)) else None,
            aligned=to_relion(aligned[tilt.name]) if tilt.name in aligned else None,
            scale=math.cos(math.radians(aligned[tilt.name].angle if tilt.name in aligned else tilt.angle)),
        )
        for tilt in found.series.tilts
    ]
    return sorted(rows, key=lambda row: row.number)


def motion_columns(places: Places, job: str, motion: Motion, image: Path, label: str = "") -> Columns:
    """Return the columns of motion correction; path lengths are in angstrom."""
    micrograph = motion.micrograph
    files = {
        "rlnCtfPowerSpectrum": micrograph.power_spectrum,
        "rlnMicrographNameEven": micrograph.even,
        "rlnMicrographNameOdd": micrograph.odd,
        "rlnMicrographName": image,
        "rlnMicrographMetadata": motion.metadata,
    }
    paths: Columns = {name: places.of(job, file, label) for name, file in files.items() if file}
    lengths = {"Total": motion.total, "Early": motion.early, "Late": motion.late}
    return paths | {f"rlnAccumMotion{part}": length for part, length in lengths.items()}


def ctf_columns(ctf: Ctf) -> Columns:
    """Return the columns of CTF estimation."""
    return {
        "rlnDefocusU": ctf.defocus_u,
        "rlnDefocusV": ctf.defocus_v,
        "rlnCtfAstigmatism": ctf.astigmatism,
        "rlnDefocusAngle": ctf.defocus_angle,
        "rlnCtfFigureOfMerit": ctf.figure_of_merit,
        "rlnCtfMaxResolution": ctf.resolution,
        "rlnCtfIceRingDensity": ctf.ice_ring,
        **({"rlnPhaseShift": ctf.phase_shift} if ctf.phase_shift else {}),
    }


def unweighted(micrograph: Micrograph) -> Path:
    """Return the image for subtomogram averaging, which weights by dose itself: once is enough."""
    return micrograph.unweighted or micrograph.path


def _imported(places: Places, found: ProcessedTiltSeries, tilt: Tilt) -> Columns:
    series, counts = found.series, [len(motion.displacements) for motion in found.motions.values()]
    source = _source(places, word(series.name), tilt)
    motion = found.motions.get(tilt.name)
    frames = len(motion.displacements) if motion else max(counts, key=counts.count, default=None)
    return {
        **source,
        **({"rlnTomoTiltMovieFrameCount": frames} if frames and isinstance(tilt.source, Movie) else {}),
        "rlnTomoNominalStageTiltAngle": tilt.angle,
        "rlnTomoNominalTiltAxisAngle": series.tilt_axis_angle,
        "rlnMicrographPreExposure": tilt.pre_exposure,
    }


def _source(places: Places, label: str, tilt: Tilt) -> Columns:
    if isinstance(tilt.source, Movie):
        return {"rlnMicrographMovieName": places.of(IMPORT, tilt.source.path, label)}
    image = unweighted(tilt.source)
    if image.suffix == ".mrc" and not tilt.source.section:
        return {"rlnMicrographName": places.of(IMPORT, image, label)}
    # A section of a stack: RELION reads one only from a file whose name ends in mrcs.
    stack = places.link(f"{IMPORT}/Movies/{label}.mrcs", image)
    return {"rlnMicrographName": f"{tilt.source.section + 1:06d}@{stack}"}


def _moved(places: Places, found: ProcessedTiltSeries, tilt: Tilt) -> Columns | None:
    motion = found.motions.get(tilt.name)
    if motion is None:
        return None if isinstance(tilt.source, Movie) else {}
    return motion_columns(places, MOTION, motion, unweighted(motion.micrograph), word(found.series.name))
