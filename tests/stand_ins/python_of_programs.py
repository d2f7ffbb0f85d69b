"""Stands in for the Python of an environment of programs: it knows their versions, and else is this Python."""

import os
import sys

VERSIONS = {
    "cryoCARE": "0.3.0",
    "cryolo": "1.9.9",
    "easymode": "1.2.6",
    "icebreaker-em": "0.3.9",
    "membrain-seg": "0.0.10",
}

if sys.argv[1:2] == ["-c"] and sys.argv[-1] in VERSIONS:
    sys.stdout.write(f"{VERSIONS[sys.argv[-1]]}\n")
else:
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606 - becomes it
