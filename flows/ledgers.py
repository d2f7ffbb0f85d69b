"""The ledger of this process."""

from functools import cache

from tasks.ledger import Ledger, open_ledger
from tasks.settings import site

PATIENCE = 3600.0
"""Seconds for which a run waits for a ledger that is away: what it has in work is finished when it is back."""


def the_ledger() -> Ledger:
    """Return the ledger of the site, opened once in a process."""
    return _opened(site().ledger.get_secret_value())


@cache
def _opened(url: str) -> Ledger:
    return open_ledger(url, patience=PATIENCE)
