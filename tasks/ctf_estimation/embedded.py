"""The built-in estimation of the contrast transfer function."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import PositiveFloat, model_validator

from tasks.ctf_estimation.comparison import compare
from tasks.ctf_estimation.fitting import Fit, Plan, fit
from tasks.ctf_estimation.ice import ice_ring
from tasks.ctf_estimation.measurement import check, measure
from tasks.ctf_estimation.naming import image_of, name_of
from tasks.ctf_estimation.picture import draw
from tasks.ctf_estimation.profile import write_profile
from tasks.ctf_estimation.search import SearchSpace
from tasks.ctf_estimation.tiles import tile
from tasks.errors import InputError
from tasks.formats.mrc import read_image
from tasks.models import Ctf, Device, Micrograph, Model, Optics, TiltGeometry

_EDGE = 0.47
"""Cycles per pixel; beyond it, aliasing blurs the rings."""
_PHASE_STEP = 20.0


class EmbeddedCtf(Model):
    """Fit the contrast transfer function to the mean power spectrum of tiles."""

    tool: Literal["embedded"] = "embedded"
    defocus_range: tuple[PositiveFloat, PositiveFloat] = (5_000.0, 50_000.0)
    """Lowest and highest defocus in angstrom to be searched."""
    resolution_range: tuple[PositiveFloat, PositiveFloat] = (30.0, 5.0)
    """Lowest and highest resolution in angstrom at which Thon rings are searched and the figure of merit is taken."""
    follow_rings: bool = True
    """Fit once more up to the resolution at which Thon rings were seen, if that is beyond the range."""
    astigmatism: PositiveFloat = 600.0
    """Expected astigmatism in angstrom. Where the signal is weak, much more is taken for noise."""
    phase_shift_range: tuple[float, float] | None = None
    """Lowest and highest phase shift in degree to be searched; none without a phase plate."""
    tile: PositiveFloat = 800.0
    """Side of the tiles in angstrom."""
    handedness: Literal[-1, 1] = -1
    """Sign with which the height of a point of a tilted specimen adds to its defocus (RELION's rlnTomoHand)."""
    device: Device = "cpu"

    @model_validator(mode="after")
    def ranges_are_ordered(self) -> Self:
        """Refuse ranges that hold nothing."""
        if self.defocus_range[0] >= self.defocus_range[1]:
            raise ValueError(f"defocus_range {self.defocus_range}: the lowest must come first")
        if self.resolution_range[0] <= self.resolution_range[1]:
            raise ValueError(f"resolution_range {self.resolution_range}: the coarsest must come first")
        if self.phase_shift_range and self.phase_shift_range[0] >= self.phase_shift_range[1]:
            raise ValueError(f"phase_shift_range {self.phase_shift_range}: the lowest must come first")
        return self

    def estimate(self, micrograph: Micrograph, optics: Optics, folder: Path, tilt: TiltGeometry | None = None) -> Ctf:
        """Estimate the contrast transfer function of a micrograph; leave a picture and a profile in the folder."""
        path, pixel_size = image_of(micrograph), micrograph.pixel_size
        band = self._band(path, pixel_size)
        image = read_image(path, micrograph.section)
        check(image, path)
        tiling = tile((image.shape[0], image.shape[1]), pixel_size, self.tile, tilt, self.handedness)
        spectra = measure(image, tiling, pixel_size, band, self.device)
        found = fit(spectra.polar, self._plan(band, pixel_size, optics))
        picture, profile = (folder / f"{name_of(micrograph)}_ctf{suffix}" for suffix in (".png", ".csv"))
        draw(picture, compare(spectra, found, optics))
        write_profile(profile, found.profile)
        return _result(found, ice_ring(spectra.polar), picture, profile)

    def _band(self, path: Path, pixel_size: float) -> tuple[float, float]:
        """Return the lowest and highest frequency (1 / angstrom) of the search."""
        low, high = 1 / self.resolution_range[0], min(1 / self.resolution_range[1], _EDGE / pixel_size)
        if high < 1.5 * low:
            most = _EDGE / 1.5 / low
            raise InputError(
                path, f"pixels of {pixel_size:g} angstrom", f"at most {most:.3g} angstrom to see Thon rings"
            )
        return low, high

    def _plan(self, band: tuple[float, float], pixel_size: float, optics: Optics) -> Plan:
        phases = (0.0,) if self.phase_shift_range is None else np.arange(*self.phase_shift_range, _PHASE_STEP)
        space = SearchSpace(self.defocus_range, self.astigmatism, tuple(float(phase) for phase in phases))
        return Plan(space, band, _EDGE / pixel_size, optics, self.follow_rings)


def _result(found: Fit, ice: float, picture: Path, profile: Path) -> Ctf:
    best = found.aberrations
    return Ctf(
        defocus_u=best.defocus + best.half_astigmatism,
        defocus_v=best.defocus - best.half_astigmatism,
        defocus_angle=best.angle,
        phase_shift=best.phase_shift % 180,
        resolution=found.resolution,
        figure_of_merit=found.figure_of_merit,
        ice_ring=ice,
        diagnostic=picture,
        profile=profile,
        program=f"cryoem-flows {version('cryoem-flows')}",
    )
