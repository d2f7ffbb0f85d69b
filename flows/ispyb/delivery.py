"""Deliver to ISPyB what the ledger holds: repeated, it writes the same, so nothing is remembered of what was written.

All that belongs to one item is written at once, after its pictures: the pages show a row only together with others.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from flows.ispyb.kept import Kept, kept
from flows.ispyb.of_refinements import of_b_factor, of_bfactor_message, of_refinement
from flows.ispyb.of_spa import of_batch, of_densities, of_movie
from flows.ispyb.of_tomography import of_series, of_tilt_movie
from flows.ispyb.standing import rows_of_failure, rows_of_report, statuses_of
from tasks.errors import InputError
from tasks.ispyb import Away, Database, Row, credentials_file, open_ispyb
from tasks.ledger import Delivery, Ledger, find_session
from tasks.murfey import BFactorFitMessage

_ROWS: Mapping[str, Callable[[Kept], list[Row]]] = {
    "movie": of_movie,
    "tilt_movie": of_tilt_movie,
    "tilt_series": of_series,
    "particle_batch": of_batch,
    "classification_3d": of_densities,
    "refinement": of_refinement,
    "b_factor": of_b_factor,
}


def deliver_rows(ledger: Ledger, news: Sequence[Delivery]) -> None:
    """Write to ISPyB what is known of the items that have changed, and the B factors that Murfey has fitted.

    Raises Away if ISPyB cannot be written now, and Rejected if it will not take something; then no row is written.
    """
    database = the_ispyb()
    fits = [rows_of_fit(ledger, each) for each in news if "fit" in each.payload]
    items = [item for each in news if "fit" not in each.payload and (item := _item(ledger, each))]
    database.write_together([*fits, *map(rows_of, items)])
    statuses = {status.program: status for item in items for status in statuses_of(item)}
    for status in statuses.values():
        database.set_status(status)


def rows_of(item: Kept) -> list[Row]:
    """Return the rows of an item, with what is said of it if it was given up, and where more is told."""
    rows = _ROWS.get(item.kind)
    return [*(rows(item) if rows else []), *rows_of_failure(item), *rows_of_report(item)]


def rows_of_fit(ledger: Ledger, news: Delivery) -> list[Row]:
    """Return the rows of a density with the B factor that Murfey has fitted; raise InputError if it is none of ours."""
    fit = BFactorFitMessage.model_validate(news.payload["fit"])
    rows = of_bfactor_message(ledger, fit)
    if not rows:
        found = f"class {fit.particle_classification_id} of program {fit.program_id}"
        raise InputError("B factor of Murfey", found, "a density that was refined here")
    return rows


def the_ispyb() -> Database:
    """Return the ISPyB of the site, opened when its credentials change; raise Away if we do not know it: others may."""
    file = credentials_file()
    if file is None:
        raise Away("no credentials of ISPyB here: set CRYOEM_FLOWS_ISPYB, or ISPYB_CREDENTIALS")
    try:
        there = file.stat()
    except OSError as error:
        raise Away(f"{file}: {error.strerror}") from error
    return _opened(file, (there.st_ino, there.st_mtime_ns))


@lru_cache(maxsize=1)
def _opened(file: Path, _version: tuple[int, int]) -> Database:
    return open_ispyb(file)


def _item(ledger: Ledger, news: Delivery) -> Kept | None:
    session, kind, key = (str(news.payload[name]) for name in ("session", "kind", "key"))
    return kept(ledger, find_session(ledger, session), kind, key)
