"""Take turns: between looking for a row and inserting it nobody else may insert it, and no index would stop them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, text

from tasks.errors import InputError
from tasks.ispyb.codes import speaking_of
from tasks.ispyb.columns import PROGRAM
from tasks.ispyb.errors import Away, Orphaned
from tasks.ispyb.rows import Row

_PATIENCE = 20
"""Seconds to wait for others; a delivery takes milliseconds."""

_TAKE = text("SELECT GET_LOCK(:name, :patience)")
_GIVE_BACK = text("DO RELEASE_LOCK(:name)")
_PROGRAMS = text(
    f"SELECT autoProcProgramId FROM {PROGRAM} WHERE autoProcProgramId IN :programs"  # noqa: S608 - a constant
    " ORDER BY autoProcProgramId FOR UPDATE"
).bindparams(bindparam("programs", expanding=True))


def lock_movies(connection: Connection, rows: Sequence[Row]) -> list[str]:
    """Wait until nobody else writes movies of the same data collection; return the names of the locks.

    Several programs share the movies of a collection, and we have no right to lock the collection itself. These locks
    outlive the transaction: they go when they are given back, or with the connection.
    """
    collections = {row.key["dataCollectionId"] for row in rows if row.table == "Movie"}
    names = sorted(f"cryoem-movies-{collection}" for collection in collections)
    with speaking_of("Movie"):
        for name in names:
            if not connection.scalar(_TAKE, {"name": name, "patience": _PATIENCE}):
                raise Away(f"somebody else has held {name} for {_PATIENCE} s")
    return names


def give_back(connection: Connection, names: Iterable[str]) -> None:
    """Let others write the movies."""
    with speaking_of("Movie"):
        for name in names:
            connection.execute(_GIVE_BACK, {"name": name})


def lock_programs(connection: Connection, programs: Iterable[int]) -> None:
    """Wait until nobody else writes for the same programs; the locks end with the transaction."""
    wanted = sorted(set(programs))
    if not wanted:
        raise InputError("rows", "none names its program", "the AutoProcProgram that writes them")
    with speaking_of(PROGRAM):
        there = connection.scalars(_PROGRAMS, {"programs": wanted}).all()
    if missing := [number for number in wanted if number not in there]:
        raise Orphaned(PROGRAM, "autoProcProgramId", f"there is no program {missing[0]}")
