"""What was found of the movies of a session.

The database picks the few numbers that a report needs from the documents that hold all that was found: of thousands of
movies, reading those would cost seconds each time.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, select

from tasks.images import picture_image
from tasks.ledger import Ledger
from tasks.ledger.tables import items, results, sessions
from tasks.report.album import Album
from tasks.report.facts import LatestImage, MovieFacts
from tasks.report.ice import reference_intensity, thickness

KINDS = ("movie", "tilt_movie")
_LATEST = 4

_STEPS = {
    step: results.alias(step) for step in ("motion_correction", "ctf_estimation", "ice_thickness", "particle_picking")
}
_MOTION, _CTF, _ICE, _PICKS = (table.c.result for table in _STEPS.values())
_VALUES: dict[str, ColumnElement[Any]] = {
    **{name: _MOTION[name].as_float() for name in ("early", "late")},
    "image": _MOTION["micrograph", "path"].as_string(),
    **{name: _CTF[name].as_float() for name in ("defocus_u", "defocus_v", "resolution", "figure_of_merit", "ice_ring")},
    "diagnostic": _CTF["diagnostic"].as_string(),
    **{name: _ICE[name].as_float() for name in ("median", "reference", "brightest")},
    "particles": _PICKS["count"].as_integer(),
    **{name: _PICKS[name].as_float() for name in ("diameter", "excluded")},
    "picked_image": _PICKS["micrograph", "path"].as_string(),
    "picks": _PICKS["diagnostic"].as_string(),
}
_MOVIES = (
    select(
        items.c.key,
        items.c.arrived,
        *(value.label(name) for name, value in _VALUES.items()),
        *(table.c.seconds.label(f"{step}_seconds") for step, table in _STEPS.items()),
    )
    .select_from(
        reduce(
            lambda joined, step: joined.outerjoin(
                _STEPS[step], and_(_STEPS[step].c.item_id == items.c.id, _STEPS[step].c.step == step)
            ),
            _STEPS,
            items.join(sessions),
        )
    )
    .where(sessions.c.name == bindparam("session"), items.c.kind.in_(KINDS))
    .where(reduce(or_, (table.c.step.is_not(None) for table in _STEPS.values())))
    .order_by(items.c.id)
)
Found = Row[Any]


def movie_rows(ledger: Ledger, session: str) -> Sequence[Found]:
    """Pick what was found of each movie, in order of arrival; movies of which nothing is known are missing."""
    return ledger.read(lambda connection: connection.execute(_MOVIES, {"session": session}).all())


def latest_images(movies: Sequence[MovieFacts], report: Path) -> tuple[LatestImage, ...]:
    """Picture the last images, in a folder of the report."""
    album = Album(report / "images", ".jpg", _LATEST)
    latest = tuple(
        LatestImage(
            name=movie.name,
            picture=album.show(Path(movie.image), movie.name, picture_image, f"Corrected image of {movie.name}"),
            diagnostic=_if_there(movie.diagnostic),
            picks=_if_there(movie.picks),
            particles=movie.particles,
        )
        for movie in [movie for movie in movies if movie.image][-1 : -_LATEST - 1 : -1]
        if movie.image
    )
    album.forget()
    return latest


def movie_facts(rows: Sequence[Found], extracted: Mapping[str, Found]) -> tuple[MovieFacts, ...]:
    """Tell what was found of each movie, given what was extracted of their micrographs."""
    reference = reference_intensity([(row.reference, row.brightest) for row in rows if row.reference])
    return tuple(_facts(row, reference, extracted.get(row.key)) for row in rows)


def _facts(row: Found, reference: float | None, extracted: Found | None) -> MovieFacts:
    u, v = row.defocus_u, row.defocus_v
    has_ctf = u is not None and v is not None
    return MovieFacts(
        name=_stem(row.key),
        path=row.key,
        arrived=row.arrived,
        motion_early=row.early,
        motion=None if row.early is None or row.late is None else row.early + row.late,
        defocus=(u + v) / 2 if has_ctf else None,
        astigmatism=u - v if has_ctf else None,
        resolution=row.resolution,
        figure_of_merit=row.figure_of_merit,
        ice_ring=row.ice_ring,
        ice_thickness=thickness(row.median, row.reference, reference),
        contamination=row.excluded,
        particles=row.particles,
        extracted=extracted.extracted if extracted else None,
        seconds=sum(filter(None, row[-len(_STEPS) :])) + (extracted.seconds if extracted else 0.0),
        image=row.image or row.picked_image,
        diagnostic=row.diagnostic,
        picks=row.picks,
    )


def _stem(path: str) -> str:
    """Return the stem of a file's name: of thousands, a Path of each would cost more than all else."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _if_there(path: str | None) -> Path | None:
    return Path(path) if path and Path(path).is_file() else None
