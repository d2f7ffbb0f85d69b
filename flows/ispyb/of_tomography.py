"""From the ledger to the rows of tomography."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from flows.ispyb.contents import contents_of
from flows.ispyb.exposed import exposed, pictures_of
from flows.ispyb.exposures import Exposure, movie_file
from flows.ispyb.kept import Found, Kept, Results, recorded
from flows.ispyb.pictures import pictures_of_stack, pictures_of_tomogram, pictures_of_volume
from flows.ispyb.series import FoundSeries, rows_of_series
from flows.ispyb.tilts import rows_of_tilt_movie
from flows.sessions import TomographySession
from tasks.ispyb import Row
from tasks.ledger import results_of
from tasks.models import Alignment, Ctf, Micrograph, Motion, Tomogram
from tasks.murfey import TomoAlign, TomoPreprocess
from tasks.tilt_series_grouping import named_tilt

TILT_MOVIE: Final = "tilt_movie"


def of_tilt_movie(movie: Kept) -> list[Row]:
    """Return the rows of a tilt."""
    tools = TomographySession.of(movie.session)
    named = named_tilt(Path(movie.item.key), tools.name_pattern)
    tilt = Exposure(**exposed(movie, tools), angle=named.angle if named else None)
    told = tilt.model_copy(update={"pictures": pictures_of(tilt)})
    return rows_of_tilt_movie(movie.asked(TomoPreprocess), told)


def of_series(series: Kept) -> list[Row]:
    """Return the rows of a tilt series, for the request that came last."""
    requests, alignment = series.asked(TomoAlign), recorded(Alignment, series.results, "tilt_series_alignment")
    if not requests or alignment is None:
        return []
    request, movies = requests[-1], tilts_of(series.item.payload)
    known = _known(series, movies)
    stack = request.stack_file
    found = FoundSeries(
        movies={name: movie_file(path) for name, path in movies.items()},
        ctfs=_by_tilt(Ctf, known, "ctf_estimation"),
        alignment=alignment,
        stack=stack if stack.is_file() else None,
    )
    images = {name: motion.micrograph for name, motion in _by_tilt(Motion, known, "motion_correction").items()}
    return rows_of_series(request, _with_volumes(found, request.series, series.results, images))


def _with_volumes(found: FoundSeries, name: str, results: Results, images: Mapping[str, Micrograph]) -> FoundSeries:
    """Add the tomogram and what was made of it, with their pictures."""
    tomogram = recorded(Tomogram, results, "tomogram_reconstruction")
    if tomogram is None or found.alignment is None:
        return found
    denoised = recorded(Tomogram, results, "denoising")
    if denoised:
        # The pages know these by the name of the volume alone.
        pictures_of_volume(denoised.path)
    contents = contents_of(results)
    stack = found.stack or tomogram.path.with_name(f"{name}_stack.mrc")
    tilts = pictures_of_stack(stack, found.alignment, images)
    return found.model_copy(
        update={
            "tomogram": tomogram,
            "denoised": denoised,
            "segmented": contents.segmented,
            "features": contents.features,
            "picked": contents.picked,
            "pictured": stack if tilts.thumbnail or tilts.movie else None,
            "pictures": pictures_of_tomogram(name, tomogram, found.alignment, images),
        }
    )


def tilts_of(payload: Mapping[str, JsonValue]) -> dict[str, Path]:
    """Return the movies of a series by the names of its tilts."""
    tilts = payload.get("tilts")
    paths = [Path(str(tilt["path"])) for tilt in tilts if isinstance(tilt, dict)] if isinstance(tilts, list) else []
    return {path.stem: path for path in paths}


def _known(series: Kept, movies: Mapping[str, Path]) -> dict[str, Results]:
    """Return what was found of the movies of a series, by the names of its tilts."""
    names = {str(path): name for name, path in movies.items()}
    found = results_of(series.ledger, series.session.name, TILT_MOVIE, list(names))
    return {names[key]: results for key, results in found.items()}


def _by_tilt(kind: type[Found], known: Mapping[str, Results], step: str) -> dict[str, Found]:
    found = {name: recorded(kind, results, step) for name, results in known.items()}
    return {name: result for name, result in found.items() if result}
