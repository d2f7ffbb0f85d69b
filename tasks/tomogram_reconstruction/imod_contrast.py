"""The input of IMOD's ctfphaseflip, which turns phases in upright strips of the aligned stack.

By its source, the defocus of a strip is that of the image plus x tan(tilt), x from the tilt axis: defocus falls with
height. If it rises (handedness 1), the tilt angles must be inverted. Astigmatism is left out.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from tasks.errors import InputError
from tasks.formats.text import write_lines
from tasks.models import Ctf, Optics
from tasks.tomogram_reconstruction.tilt_images import AlignedImage

_ANGSTROM_PER_NANOMETRE = 10.0


def write_defocus(path: Path, images: Sequence[AlignedImage]) -> None:
    """Write the CTFs of the images as IMOD's ctfplotter does; refuse an image without one."""
    write_lines(path, _lines(images))


def _lines(images: Sequence[AlignedImage]) -> Iterator[str]:
    """Yield the lines: without a phase shift, in the older version of the format, which all versions of IMOD read."""
    found = [_ctf(image) for image in images]
    shifted = any(ctf.phase_shift for ctf in found)
    if shifted:
        yield "4\t0\t0.0\t0.0\t0.0\t3"
    for number, (image, ctf) in enumerate(zip(images, found, strict=True), start=1):
        angle = f"{image.place.angle:.2f}"
        last = f"\t{ctf.phase_shift:8.2f}" if shifted else "\t2" if number == 1 else ""
        yield f"{number}\t{number}\t{angle}\t{angle}\t{ctf.defocus / _ANGSTROM_PER_NANOMETRE:7.1f}{last}"


def _ctf(image: AlignedImage) -> Ctf:
    if image.image.ctf is None:
        raise InputError(f"tilt {image.image.tilt.name}", "no CTF", "the CTF of every tilt, or no CTF correction")
    return image.image.ctf


def flipping_options(optics: Optics, pixel_size: float, handedness: Literal[-1, 1]) -> Iterator[str]:
    """Yield what ctfphaseflip must know about the images, whose pixels are as large as those of the aligned stack."""
    yield from (f"Voltage {optics.voltage:.10g}", f"SphericalAberration {optics.spherical_aberration:.10g}")
    yield f"AmplitudeContrast {optics.amplitude_contrast:.10g}"
    yield f"PixelSize {pixel_size / _ANGSTROM_PER_NANOMETRE:.10g}"
    yield from ("DefocusTol 50", "InterpolationWidth 15")
    if handedness == 1:
        yield "InvertTiltAngles"
