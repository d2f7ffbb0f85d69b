"""The radial mean of the spectrum of an image, as far as its pixels go."""

import numpy as np

from tasks.ctf_estimation.agreement import COARSEST, EDGE, FINEST_OF_ANY
from tasks.ctf_estimation.measurement import check
from tasks.ctf_estimation.naming import image_of
from tasks.ctf_estimation.polar import Numbers, to_polar
from tasks.ctf_estimation.spectrum import average_spectra
from tasks.ctf_estimation.tiles import tile
from tasks.formats.mrc import read_image
from tasks.models import Micrograph
from tasks.numerics.device import to_device, to_host

_TILE = 800.0


def radial_spectrum(micrograph: Micrograph) -> tuple[Numbers, Numbers]:
    """Return frequencies in 1 / angstrom, and the mean power at them."""
    path, pixel_size = image_of(micrograph), micrograph.pixel_size
    image = np.asarray(read_image(path, micrograph.section))
    check(image, path)
    tiling = tile((image.shape[0], image.shape[1]), pixel_size, _TILE)
    band = COARSEST * pixel_size, min(FINEST_OF_ANY * pixel_size, EDGE)
    spectra = to_host(average_spectra(to_device(image, "cpu"), tiling, tiling.side, band))
    polar = to_polar(spectra, 1 / (tiling.side * pixel_size), np.ones(1), tiling.offset)
    total = polar.count.sum(axis=(0, 1))
    seen = total > 0
    return polar.frequency[seen], (polar.power * polar.count).sum(axis=(0, 1))[seen] / total[seen]
