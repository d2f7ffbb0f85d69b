"""A RELION 5 tomography project: from the movies of tilt series to denoised tomograms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from tasks.errors import InputError
from tasks.project.found import ProcessedTiltSeries
from tasks.project.job import claim, finish
from tasks.project.lock import LOCK_SECONDS, alone
from tasks.project.places import word
from tasks.project.register import Items, read_register, write_register
from tasks.project.series_tables import Hand, head_of, made_of_series
from tasks.project.stamps import stamped
from tasks.project.tables import bring_up_to_date
from tasks.project.tomography_jobs import LAST_NUMBER, outcomes


def write_tomography_project(
    folder: Path,
    session_name: str,
    series: Sequence[ProcessedTiltSeries],
    hand: Hand = -1,
    *,
    are_all: bool = True,
) -> None:
    """Write what was found of the tilt series of a session as a project that RELION 5 opens.

    Written again, it brings the project up to date; jobs that others have added stay. ``hand`` is rlnTomoHand: the
    sign with which a point that is higher in the projection has a larger defocus. Series of the project that are not
    given leave it, unless those given are not all.
    """
    _check_names(found.series.name for found in series)
    items = stamped({word(found.series.name): found for found in series}, are_all=are_all)
    update_tomography_project(folder, session_name, items, hand)


def update_tomography_project(
    folder: Path,
    session_name: str,
    series: Items[ProcessedTiltSeries],
    hand: Hand = -1,
    patience: float = LOCK_SECONDS,
) -> None:
    """Bring a project up to date with the tilt series of which there is news; see ``write_tomography_project``.

    The lock of somebody else is waited for as many seconds as there is patience, then TimeoutError; what was written
    until then is not written again the next time.
    """
    items = replace(series, basis=f"{series.basis} hand {hand}")
    claim(folder)
    with alone(folder):
        register = read_register(folder, items.basis)
        draft = bring_up_to_date(folder, register, items, partial(made_of_series, hand), head_of)
        write_register(folder, register, draft.register())
        finish(folder, session_name, outcomes(draft), LAST_NUMBER, patience)


def _check_names(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if word(name) in seen:
            raise InputError(f"tilt series {name}", f"another one is {seen[word(name)]}", "names that differ in RELION")
        seen[word(name)] = name
