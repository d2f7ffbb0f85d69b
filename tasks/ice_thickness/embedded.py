"""Built-in estimate of the ice thickness: how much light the ice takes."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import PositiveFloat

from tasks.errors import InputError
from tasks.formats.mrc import read_image, require_finite
from tasks.ice_thickness.light import Numbers, thickness_of
from tasks.models import Device, IceThickness, Micrograph, Model
from tasks.numerics.device import Array, namespace, to_device, to_host


class EmbeddedIceThickness(Model):
    """Compare the intensity of areas with a reference: ``-log(intensity / reference)``, by the law of Lambert and Beer.

    With the intensity without specimen as reference this is the thickness in mean free paths, some 3000 to 4000
    angstrom each at 300 kilovolt, if an energy filter or a small aperture stops scattered electrons. Without it, the
    figures say how much thicker the ice is than in the thinnest area of the same micrograph; particles and
    contamination count as ice. Images whose intensities were shifted or normalised tell nothing.
    """

    tool: Literal["embedded"] = "embedded"
    reference: PositiveFloat | None = None
    """Intensity per pixel without specimen, in the units of the micrographs, for example the dose per pixel; none to
    compare with the brightest area of each micrograph."""
    area: PositiveFloat = 300.0
    """Side of the areas in angstrom."""
    device: Device = "cpu"

    def estimate(self, micrograph: Micrograph, _folder: Path | None = None) -> IceThickness:
        """Estimate the distribution of the ice thickness over a micrograph."""
        image = read_image(micrograph.path, micrograph.section)
        require_finite(micrograph.path, image)
        side = max(round(self.area / micrograph.pixel_size), 1)
        if min(image.shape) < 2 * side:
            found = f"{image.shape[1]} x {image.shape[0]} pixels"
            raise InputError(micrograph.path, found, f"at least {2 * side} (two areas of {self.area:g} angstrom)")
        intensities = to_host(area_means(to_device(image, self.device), side)).ravel().astype(np.float64)
        return thickness_of(micrograph.path, intensities, self.reference, f"cryoem-flows {version('cryoem-flows')}")

    def light_at(self, places: Numbers, micrograph: Micrograph, _ice: IceThickness | None = None) -> Numbers:
        """Return the mean intensity of the area about each of (count, 2) places, x and y in pixels."""
        image = read_image(micrograph.path, micrograph.section)
        require_finite(micrograph.path, image)
        side = max(round(self.area / micrograph.pixel_size), 1)
        rows, columns = image.shape
        # At the edges it is the nearest whole area.
        corners = np.clip(np.rint(places).astype(int) - side // 2, 0, (max(columns - side, 0), max(rows - side, 0)))
        return np.array([image[y : y + side, x : x + side].mean(dtype=np.float64) for x, y in corners.tolist()])


def area_means(image: Array, side: int) -> Array:
    """Return the means of squares of pixels; what is left at the far edges is not used."""
    xp = namespace(image)
    rows, columns = image.shape[0] // side, image.shape[1] // side
    squares = xp.reshape(image[: rows * side, : columns * side], (rows, side, columns, side))
    return xp.mean(xp.mean(squares, axis=3), axis=1)
