"""Stands in for ib_5fig of IceBreaker 0.3.9: says the same five figures."""

import argparse
import sys
from pathlib import Path

import mrcfile
import numpy as np
from stand_ins.installing import record

record(sys.argv[1:])
parser = argparse.ArgumentParser(prog="ib_5fig")
parser.add_argument("--o", dest="out_dir")
parser.add_argument("--j", type=int)
parser.add_argument("--pipeline_control")
parser.add_argument("--single_mic", required=True)
asked = parser.parse_args()
with mrcfile.open(asked.single_mic, permissive=True) as file:
    figures = [int(10_000 * value) for value in np.quantile(file.data, (0, 0.25, 0.5, 0.75, 1))]
link = Path(asked.out_dir).absolute() / "IB_input" / Path(asked.single_mic).name
sys.stdout.write(f"Results: {link} {' '.join(map(str, figures))}\nDone five figures\n")
