"""The project of a session: what was found of it as RELION and doppio open it, made of what the ledger knows."""

from pathlib import Path

from tasks.ledger import Ledger, find_session
from tasks.project import update_spa_project, update_tomography_project

PROJECT = "project"
"""The folder of the project within that of the session."""
_PATIENCE = 2.0
"""Seconds to wait for somebody who holds the project; it is tried again later, and others wait for their news."""


def write_session_project(ledger: Ledger, name: str) -> Path:
    """Bring the project of a session up to date; TimeoutError if somebody else holds it."""
    session = find_session(ledger, name)
    folder = session.folder / PROJECT
    if session.kind == "tomography":
        # A session need not wait for the steps of the other kind.
        from flows.project_of_tomography import series_of  # noqa: PLC0415

        update_tomography_project(folder, name, series_of(ledger, session), patience=_PATIENCE)
    else:
        from flows.project_of_spa import batches_of, densities_of, movies_of  # noqa: PLC0415

        found = movies_of(ledger, session), batches_of(ledger, name), densities_of(ledger, name)
        update_spa_project(folder, name, *found, patience=_PATIENCE)
    return folder
