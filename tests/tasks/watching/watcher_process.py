"""A watcher in a process of its own, until it is killed or told to stop."""

import signal
import sys
from pathlib import Path
from threading import Event

from tasks.ledger import open_ledger
from tasks.watching import Watch, Watcher


def main(url: str, folder: Path) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    watch = Watch(
        session="grid",
        kind="tomography",
        folders=(folder,),
        interval=0.05,
        settling=0.2,
        mdoc_settling=0.3,
        quiet=600,
        margin=0.2,
    )
    Watcher(watch, open_ledger(url)).run(stop)


main(sys.argv[1], Path(sys.argv[2]))
