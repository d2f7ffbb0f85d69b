"""Stands in for a Python that has Topaz 0.3.20: smooths volumes, and finds dark blobs instead of using a network."""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from stand_ins.installing import record

from tasks.formats.mrc import header, read_image, read_volume, write_mrc
from tasks.numerics.peaks import find_peaks


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="topaz", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("preprocess", "extract", "denoise3d"):
        asked = commands.add_parser(command, allow_abbrev=False)
        asked.add_argument("files", nargs="+", type=Path)
        asked.add_argument("-o", type=Path, required=True)
        for flag in ("-d", "-j", "-s", "-p", "-r", "-x", "--num-workers"):
            asked.add_argument(flag, type=int)
        asked.add_argument("-m")
        asked.add_argument("-t", type=float, default=0.0)
    return parser.parse_args(words)


def smoothed(source: Path, asked: argparse.Namespace) -> None:
    write_mrc(asked.o / source.name, gaussian_filter(read_volume(source), 1.0), header(source).pixel_size)


def reduced(source: Path, asked: argparse.Namespace) -> None:
    image = read_image(source)
    rows, columns = (size // asked.s for size in image.shape)
    small = image[: rows * asked.s, : columns * asked.s].reshape(rows, asked.s, columns, asked.s).mean((1, 3))
    write_mrc(asked.o / source.name, ((small - small.mean()) / small.std()).astype(np.float32), 1.0)


def picked(source: Path, asked: argparse.Namespace) -> None:
    image = read_image(source)
    contrast = gaussian_filter(image, 1.5 * asked.r) - gaussian_filter(image, 0.6 * asked.r)
    peaks = find_peaks(contrast.astype(np.float32), np.ones(image.shape, bool), 1.5 * asked.r, asked.r)
    # What is half as high as the highest one is as likely as not.
    scores = 2 * peaks.heights / peaks.heights.max(initial=1e-6) - 1
    rows = (
        f"{source.stem}\t{round(x * asked.x)}\t{round(y * asked.x)}\t{score:.6f}"
        for (x, y), score in zip(peaks.places, scores, strict=True)
        if score >= asked.t
    )
    asked.o.write_text("\n".join(["image_name\tx_coord\ty_coord\tscore", *rows, ""]))


record(sys.argv[1:])
sys.stdout.write("topaz 0.3.20\n")
if "--version" not in sys.argv:
    options = parsed(sys.argv[2:])
    options.o.parent.mkdir(parents=True, exist_ok=True)
    if options.command != "extract":
        options.o.mkdir(exist_ok=True)
    for file in options.files:
        {"denoise3d": smoothed, "preprocess": reduced, "extract": picked}[options.command](file, options)
