"""A stand-in for IMOD's newstack: transforms, bins and crops the sections of a stack as its manual says."""

import sys

import numpy as np
import scipy.ndimage
from stand_ins.imod import numbers, require, standard_input

from tasks.formats.mrc import header, read_image, write_mrc

KNOWN = dict.fromkeys(
    ("inputfile", "outputfile", "transformfile", "sizetooutputinxandy", "binbyfactor", "antialiasfilter"), ""
) | dict.fromkeys(("taperatfill", "adjustorigin", "offsetsinxandy", "imagesarebinned", "modetooutput"), "")

given = standard_input("newstack", KNOWN)
stack = require("newstack", given["inputfile"][0])
lines = [numbers(line) for line in require("newstack", given["transformfile"][0]).read_text().splitlines()]
binning = int(given["binbyfactor"][0])
width, height = (int(number) for number in numbers(given["sizetooutputinxandy"][0]))
sections, rows, columns = header(stack).shape
if len(lines) < sections:
    sys.exit("ERROR: newstack - Too few transforms")
y, x = np.meshgrid(
    (np.arange(height) + 0.5 - height / 2) * binning, (np.arange(width) + 0.5 - width / 2) * binning, indexing="ij"
)
images = []
for section, (a11, a12, a21, a22, dx, dy) in enumerate(lines[:sections]):
    back = np.linalg.inv([[a11, a12], [a21, a22]])
    moved_x, moved_y = x - dx, y - dy
    column = back[0, 0] * moved_x + back[0, 1] * moved_y + columns / 2 - 0.5
    row = back[1, 0] * moved_x + back[1, 1] * moved_y + rows / 2 - 0.5
    image = read_image(stack, section)
    smooth = scipy.ndimage.uniform_filter(image, binning, origin=0 if binning % 2 else (-1, -1))
    # A filter of even width is half a pixel off.
    aside = 0.0 if binning % 2 else 0.5
    images.append(
        scipy.ndimage.map_coordinates(
            smooth, [row - aside, column - aside], order=1, mode="constant", cval=float(image.mean())
        )
    )
write_mrc(
    require("newstack", given["inputfile"][0]).with_name(given["outputfile"][0]),
    np.stack(images).astype(np.float32),
    (header(stack).pixel_size or 1.0) * binning,
    stack=True,
)
