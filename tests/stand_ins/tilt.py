"""A stand-in for IMOD's tilt: weighted back-projection in slices across the tilt axis, as its manual and source say.

A point at x from the middle of a slice, and in a row at r from its middle, is seen at x cos(tilt) - r sin(tilt).
"""

import numpy as np
from stand_ins.imod import numbers, require, standard_input

from tasks.formats.mrc import header, read_volume, write_mrc

KNOWN = dict.fromkeys(
    ("inputprojections", "outputfile", "imagebinned", "tiltfile", "thickness", "radial", "falloffistruesigma"), ""
) | dict.fromkeys(
    ("xaxistilt", "scale", "perpendicular", "mode", "fullimage", "subsetstart", "adjustorigin", "offset", "shift"), ""
)
KNOWN |= dict.fromkeys(("usegpu", "actionifgpufails", "fakesirtiterations"), "")

given = standard_input("tilt", KNOWN)
stack = require("tilt", given["inputprojections"][0])
angles = np.radians([float(line) for line in require("tilt", given["tiltfile"][0]).read_text().split()])
binning = int(given["imagebinned"][0])
depth = int(given["thickness"][0]) // binning
add, scale = numbers(given["scale"][0])
projections = read_volume(stack)
_, slices, width = projections.shape
ramp = np.abs(np.fft.rfftfreq(width))
weighted = np.fft.irfft(np.fft.rfft(projections - projections.mean(axis=(1, 2), keepdims=True)) * ramp, width)
x, row = np.arange(width) + 0.5 - width / 2, np.arange(depth) + 0.5 - depth / 2
volume = np.zeros((slices, depth, width), np.float32)
for angle, projection in zip(angles, weighted, strict=True):
    place = x[None] * np.cos(angle) - row[:, None] * np.sin(angle) + width / 2 - 0.5
    lower = np.clip(np.floor(place).astype(int), 0, width - 2)
    share = np.clip(place - lower, 0, 1)
    inside = (place >= 0) & (place <= width - 1)
    volume += ((1 - share) * projection[:, lower] + share * projection[:, lower + 1]) * inside
write_mrc(
    stack.with_name(given["outputfile"][0]),
    (volume + np.float32(add)) * np.float32(scale),
    header(stack).pixel_size or 1.0,
)
