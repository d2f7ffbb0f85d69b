"""What the commands have in common that run until they are told to stop."""

import logging
import signal
from functools import partial
from threading import Event

from tasks.ledger import Ledger
from tasks.watching.watcher import Hook

_log = logging.getLogger(__name__)


def log_to_standard_error() -> None:
    """Say what we do, and of others only what is wrong."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    for ours in ("flows", "tasks"):
        logging.getLogger(ours).setLevel(logging.INFO)


def hook(ledger: Ledger) -> Hook | None:
    """Return what tells the Prefect server, if there is one."""
    # Importing Prefect takes seconds that --help need not wait for.
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    from flows.events import announce  # noqa: PLC0415

    if PREFECT_API_URL.value() is None:
        _log.warning("no Prefect server is told what arrives: neither PREFECT_API_URL nor the profile names one")
        return None
    return partial(announce, ledger)


def until_told() -> Event:
    """Return what is set when the process is asked to end."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
