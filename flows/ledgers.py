"""The ledger of this process."""

from functools import cache

from tasks.ledger import Ledger, open_ledger
from tasks.settings import site


def the_ledger() -> Ledger:
    """Return the ledger of the site, opened once in a process."""
    return _opened(site().ledger.get_secret_value())


@cache
def _opened(url: str) -> Ledger:
    return open_ledger(url)
