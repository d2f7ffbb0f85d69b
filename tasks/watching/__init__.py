"""Watch the folders of a session, for laboratories where nothing announces what the microscope has written.

What arrives is written to the ledger, which is all that is remembered: a watcher may be killed and started again, may
run twice, or may start when the session is over. Folders are polled, because network file systems tell nobody what
others have changed. Times are intervals of the watcher's own clock: those of file servers differ.
"""

from tasks.watching.names import Names
from tasks.watching.watch import Watch
from tasks.watching.watcher import Watcher

__all__ = ["Names", "Watch", "Watcher"]
