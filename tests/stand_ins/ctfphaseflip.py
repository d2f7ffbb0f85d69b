"""A stand-in for IMOD's ctfphaseflip: turns phases column by column, at the defocus that its source gives to each."""

import sys

import numpy as np
from stand_ins.imod import numbers, require, standard_input

from tasks.formats.mrc import header, read_image, write_mrc
from tasks.models import Optics
from tasks.numerics.optics import phase_aberration

KNOWN = dict.fromkeys(
    ("inputstack", "outputfilename", "anglefile", "defocusfile", "inverttiltangles", "voltage"), ""
) | dict.fromkeys(("sphericalaberration", "amplitudecontrast", "pixelsize", "defocustol", "interpolationwidth"), "")
_STEP = 100.0

given = standard_input("ctfphaseflip", KNOWN)
stack = require("ctfphaseflip", given["inputstack"][0])
angles = [numbers(line)[0] for line in require("ctfphaseflip", given["anglefile"][0]).read_text().splitlines()]
lines = [numbers(line) for line in require("ctfphaseflip", given["defocusfile"][0]).read_text().splitlines()]
# Version 3 begins with flags (4: phase shifts); version 2 has its number after the first defocus.
shifted = len(lines[0]) == 6 and lines[0][5] == 3 and lines[0][0] == 4
if shifted:
    lines = lines[1:]
elif lines[0][5:] != [2]:
    sys.exit("ERROR: ctfphaseflip - unknown version of the defocus file")
if len(lines) != len(angles) or len(angles) != header(stack).shape[0]:
    sys.exit("ERROR: ctfphaseflip - not one defocus and one angle for each view")
optics = Optics(
    voltage=float(given["voltage"][0]),
    spherical_aberration=float(given["sphericalaberration"][0]),
    amplitude_contrast=float(given["amplitudecontrast"][0]),
)
pixel_size = 10 * float(given["pixelsize"][0])
_, rows, columns = header(stack).shape
squared = np.fft.fftfreq(rows, pixel_size)[:, None] ** 2 + np.fft.rfftfreq(columns, pixel_size)[None, :] ** 2
images = []
for section, (angle, line) in enumerate(zip(angles, lines, strict=True)):
    turned = np.radians(-angle if "inverttiltangles" in given else angle)
    defoci = 10 * line[4] + (np.arange(columns) - columns / 2) * np.tan(turned) * pixel_size
    transform = np.fft.rfft2(read_image(stack, section))
    image = np.zeros((rows, columns), np.float32)
    for strip in np.unique(np.round(defoci / _STEP)):
        chi = phase_aberration(squared, strip * _STEP, optics, line[5] if shifted else 0.0)
        flipped = np.fft.irfft2(transform * np.sign(np.sin(chi)), (rows, columns))
        chosen = np.round(defoci / _STEP) == strip
        image[:, chosen] = flipped[:, chosen]
    images.append(image)
write_mrc(
    stack.with_name(given["outputfilename"][0]), np.stack(images), header(stack).pixel_size or pixel_size, stack=True
)
