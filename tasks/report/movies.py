"""What was found of the movies of a session.

The database picks the few numbers that a report needs from the documents that hold all that was found: of thousands of
movies, reading those would cost seconds each time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, select

from tasks.images import picture_image
from tasks.ledger import Ledger
from tasks.ledger.tables import items, results, sessions
from tasks.report.album import Album
from tasks.report.facts import LatestImage, MovieFacts

KINDS = ("movie", "tilt_movie")
_LATEST = 4

_MOTION, _CTF = results.alias("motion"), results.alias("ctf")
_NUMBERS: dict[str, ColumnElement[float]] = {
    **{name: _MOTION.c.result[name].as_float() for name in ("early", "late")},
    **{
        name: _CTF.c.result[name].as_float()
        for name in ("defocus_u", "defocus_v", "resolution", "figure_of_merit", "ice_ring")
    },
}
_TEXTS = {
    "image": _MOTION.c.result["micrograph", "path"].as_string(),
    "diagnostic": _CTF.c.result["diagnostic"].as_string(),
}
_MOVIES = (
    select(
        items.c.key,
        items.c.arrived,
        _MOTION.c.seconds.label("motion_seconds"),
        _CTF.c.seconds.label("ctf_seconds"),
        *(column.label(name) for name, column in (_NUMBERS | _TEXTS).items()),
    )
    .select_from(items)
    .join(sessions)
    .outerjoin(_MOTION, and_(_MOTION.c.item_id == items.c.id, _MOTION.c.step == "motion_correction"))
    .outerjoin(_CTF, and_(_CTF.c.item_id == items.c.id, _CTF.c.step == "ctf_estimation"))
    .where(sessions.c.name == bindparam("session"), items.c.kind.in_(KINDS))
    .where(_MOTION.c.step.is_not(None) | _CTF.c.step.is_not(None))
    .order_by(items.c.id)
)


def movie_facts(ledger: Ledger, session: str) -> tuple[MovieFacts, ...]:
    """Tell what was found of each movie, in order of arrival; movies of which nothing is known are missing."""
    rows = ledger.read(lambda connection: connection.execute(_MOVIES, {"session": session}).all())
    return tuple(map(_facts, rows))


def latest_images(movies: Sequence[MovieFacts], report: Path) -> tuple[LatestImage, ...]:
    """Picture the last images, in a folder of the report."""
    album = Album(report / "images", ".jpg", _LATEST)
    latest = tuple(
        LatestImage(
            name=movie.name,
            picture=album.show(Path(movie.image), movie.name, picture_image, f"Corrected image of {movie.name}"),
            diagnostic=Path(movie.diagnostic) if movie.diagnostic and Path(movie.diagnostic).is_file() else None,
        )
        for movie in [movie for movie in movies if movie.image][-1 : -_LATEST - 1 : -1]
        if movie.image
    )
    album.forget()
    return latest


def _facts(row: Row[Any]) -> MovieFacts:
    u, v = row.defocus_u, row.defocus_v
    has_ctf = u is not None and v is not None
    return MovieFacts(
        name=Path(row.key).stem,
        path=row.key,
        arrived=row.arrived,
        motion_early=row.early,
        motion=None if row.early is None or row.late is None else row.early + row.late,
        defocus=(u + v) / 2 if has_ctf else None,
        astigmatism=u - v if has_ctf else None,
        resolution=row.resolution,
        figure_of_merit=row.figure_of_merit,
        ice_ring=row.ice_ring,
        seconds=(row.motion_seconds or 0.0) + (row.ctf_seconds or 0.0),
        image=row.image,
        diagnostic=row.diagnostic,
    )
