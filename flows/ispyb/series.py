"""Rows of a tilt series: its tomogram, how each tilt lies in it, and what was made of the tomogram.

Other than the writer that ISPyB's pages were made for, a tilt is known by the whole path of its movie, not by a part of
a name, and what is made of a tomogram never takes the row of something else that was made of it.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean, pstdev

from flows.ispyb.exposures import Columns, MovieFile, shown
from tasks.ispyb import Ref, Row
from tasks.models import Alignment, Ctf, Model, TiltAlignment, Tomogram
from tasks.murfey import TomoAlign

_NANOMETRE = 10.0
"""In angstrom; residuals and thickness are told in nanometre."""
_TOMOGRAM = Ref(row="tomogram")


class SeriesPictures(Model):
    """Pictures and plots of a series; all but the last lie beside the tomogram. None for what could not be drawn."""

    central_slice: Path | None = None
    movie: Path | None = None
    """Through the tomogram, section by section."""
    shifts: Path | None = None
    """Displacement of each tilt, as JSON."""
    from_above: Path | None = None
    """Projection along z."""
    from_side: Path | None = None
    """Projection along y."""
    alignment: Path | None = None
    """Outlines of the tilts over each other."""


class FoundSeries(Model):
    """What was found of a tilt series."""

    movies: Mapping[str, MovieFile]
    """By the names of the tilts."""
    ctfs: Mapping[str, Ctf] = {}
    """By the names of the tilts."""
    alignment: Alignment | None = None
    tomogram: Tomogram | None = None
    denoised: Tomogram | None = None
    segmented: Path | None = None
    """Labels of the feature that was asked for first."""
    features: Mapping[str, Path] = {}
    """Small labels of each feature that the pages show, by its name."""
    picked: Path | None = None
    """Where crYOLO would keep the particles, if there is a picture: the pages find that by its name."""
    stack: Path | None = None
    """The images in one file, if they were put together."""
    pictured: Path | None = None
    """Where that file would be, if its pictures are there: the pages find those by its name, and do not read it."""
    pictures: SeriesPictures = SeriesPictures()


def rows_of_series(request: TomoAlign, series: FoundSeries) -> list[Row]:
    """Return the rows of a series; none before it is aligned, for the pages show no tomogram without its tilts."""
    program, collection, alignment = request.autoproc_program_id, request.dcid, series.alignment
    if program is None or collection is None or alignment is None:
        return []
    tilts = [tilt for tilt in alignment.tilts if tilt.name in series.movies]
    found = [
        _tomogram_row(request, series, alignment),
        # They are there already, or get their numbers when the tilts are told.
        *(movie.row(_movie(movie).row, collection) for movie in (series.movies[tilt.name] for tilt in tilts)),
        *(_tilt_row(series, tilt) for tilt in tilts),
        *(_processed_row(kind, file) for kind, file in _files(series).items()),
        *(_processed_row("Feature", file, name.capitalize()) for name, file in series.features.items()),
    ]
    return [row.model_copy(update={"program": program}) for row in found]


def _tomogram_row(request: TomoAlign, series: FoundSeries, alignment: Alignment) -> Row:
    return Row(
        table="Tomogram",
        name=_TOMOGRAM.row,
        key={"autoProcProgramId": request.autoproc_program_id},
        values={
            "dataCollectionId": request.dcid,
            "stackFile": shown(series.stack),
            "gridSquareId": request.search_map_id,
            "pixelLocationX": _nearest(request.x_location),
            "pixelLocationY": _nearest(request.y_location),
            **_aligned(alignment),
            **(_volume(series.tomogram, series.pictures) if series.tomogram else {}),
        },
    )


def _aligned(alignment: Alignment) -> Columns:
    residuals = [tilt.residual for tilt in alignment.tilts if tilt.residual is not None]
    return {
        "tiltAngleOffset": alignment.tilt_offset,
        "globalAlignmentQuality": alignment.score,
        "residualErrorMean": fmean(residuals) / _NANOMETRE if residuals else None,
        "residualErrorSD": pstdev(residuals) / _NANOMETRE if residuals else None,
        "thickness": alignment.thickness / _NANOMETRE if alignment.thickness else None,
    }


def _volume(tomogram: Tomogram, pictures: SeriesPictures) -> Columns:
    """Return what is told of the volume; its pictures are named without their folder, which has a column of its own."""
    depth, height, width = tomogram.shape
    return {
        "volumeFile": tomogram.path.name,
        "fileDirectory": str(tomogram.path.parent),
        "sizeX": width,
        "sizeY": height,
        "sizeZ": depth,
        "pixelSpacing": tomogram.voxel_size,
        "centralSliceImage": _bare(pictures.central_slice),
        "tomogramMovie": _bare(pictures.movie),
        "xyShiftPlot": _bare(pictures.shifts),
        "projXY": _bare(pictures.from_above),
        "projXZ": _bare(pictures.from_side),
    }


def _tilt_row(series: FoundSeries, tilt: TiltAlignment) -> Row:
    ctf = series.ctfs.get(tilt.name)
    return Row(
        table="TiltImageAlignment",
        name=f"tilt {tilt.name}",
        key={"movieId": _movie(series.movies[tilt.name]), "tomogramId": _TOMOGRAM},
        values={
            "refinedTiltAngle": tilt.angle,
            "refinedTiltAxis": tilt.axis_angle,
            "residualError": None if tilt.residual is None else tilt.residual / _NANOMETRE,
            **(_fitted(ctf) if ctf else {}),
        },
    )


def _fitted(ctf: Ctf) -> Columns:
    return {
        "defocusU": ctf.defocus_u,
        "defocusV": ctf.defocus_v,
        "psdFile": str(ctf.diagnostic),
        "resolution": ctf.resolution,
        "fitQuality": ctf.figure_of_merit,
    }


def _files(series: FoundSeries) -> dict[str, Path]:
    """Return what was made of the series, by what ISPyB calls it."""
    denoised = series.denoised.path if series.denoised else None
    files = {"Stack": series.pictured, "Alignment": series.pictures.alignment, "Denoised": denoised}
    files |= {"Segmented": series.segmented, "Picked": series.picked}
    return {kind: file for kind, file in files.items() if file}


def _processed_row(kind: str, file: Path, feature: str | None = None) -> Row:
    return Row(
        table="ProcessedTomogram",
        name=f"{kind} {feature}" if feature else kind,
        key={"tomogramId": _TOMOGRAM, "processingType": kind, "feature": feature},
        values={"filePath": str(file)},
    )


def _movie(movie: MovieFile) -> Ref:
    return Ref(row=f"movie {movie.path}")


def _bare(picture: Path | None) -> str | None:
    return picture.name if picture else None


def _nearest(place: float | None) -> int | None:
    return None if place is None else math.floor(place + 0.5)
