"""Stands in for MotionCor2 1.6.4, which may not be passed on: aligns whole frames, ignoring patches, and sums them."""

import sys

from stand_ins.installing import record

record(sys.argv[1:])
if sys.argv[1:] == ["--version"]:
    sys.stdout.write("MotionCor2 version 1.6.4\n")
else:
    from stand_ins.motioncor_family import correct, table_of

    correct(table_of)
