"""Stands in for the motion correction of AreTomo3 2.2.2 (-Cmd 0), which needs a GPU: whole frames only."""

import sys

from stand_ins.installing import record

record(sys.argv[1:])
if sys.argv[1:] == ["--version"]:
    sys.stdout.write("version 2.2.2, built on Jun 02 2025\n")
else:
    from stand_ins.aretomo3_movie import correct

    correct()
