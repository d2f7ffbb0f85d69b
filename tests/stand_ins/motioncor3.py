"""Stands in for MotionCor3 1.2.1, which needs a GPU: aligns whole frames, ignoring patches, and sums them."""

import sys

from stand_ins.installing import record

record(sys.argv[1:])
if sys.argv[1:] == ["--version"]:
    sys.stdout.write("MotionCor3 version 1.2.1\nBuilt on May 14 2025\n")
else:
    from stand_ins.motioncor_family import correct, words_of

    correct(words_of)
