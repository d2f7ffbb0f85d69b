"""Fit the contrast transfer function to spectra: search, refine, judge."""

from dataclasses import dataclass, replace

from tasks.ctf_estimation.aberrations import Aberrations
from tasks.ctf_estimation.equiphase import equiphase_profile, fit_resolution, level
from tasks.ctf_estimation.polar import PolarSpectra
from tasks.ctf_estimation.profile import RadialProfile
from tasks.ctf_estimation.refinement import figure_of_merit, refine, significance
from tasks.ctf_estimation.search import SearchSpace, search
from tasks.ctf_estimation.whitening import whiten
from tasks.models import Optics

_FARTHEST = 1 / 3
"""1 / angstrom; rings are not followed beyond."""
_FOLLOWED = 4
"""Times that rings are followed farther out."""
_SIGNIFICANT = 7.0
"""Standard deviations of noise above which rings are there; the best fit to pure noise reaches 6."""


@dataclass(frozen=True)
class Plan:
    """How to fit."""

    space: SearchSpace
    band: tuple[float, float]
    """Lowest and highest frequency in 1 / angstrom."""
    limit: float
    """Highest frequency that the image has, in 1 / angstrom."""
    optics: Optics
    follow_rings: bool = True

    @property
    def phase(self) -> bool:
        """Whether the phase shift is varied."""
        return len(self.space.phase_shifts) > 1


@dataclass(frozen=True)
class Fit:
    """Aberrations and how well they are known."""

    aberrations: Aberrations
    resolution: float
    """Angstrom."""
    figure_of_merit: float
    profile: RadialProfile
    levelled: PolarSpectra
    """Spectra brought to the defocus of the centre."""


def fit(spectra: PolarSpectra, plan: Plan) -> Fit:
    """Search and refine within the band, then as far as rings are seen."""
    whitened = whiten(spectra.within(*plan.band))
    start = search(whitened, plan.optics, plan.space).aberrations
    aberrations = refine(whitened, start, plan.optics, plan.space.astigmatism, phase=plan.phase)
    seen = significance(whitened, aberrations, plan.optics) >= _SIGNIFICANT
    found = judge(spectra, aberrations, plan, seen=seen)
    return follow(spectra, found, plan) if plan.follow_rings and seen else found


def follow(spectra: PolarSpectra, found: Fit, plan: Plan) -> Fit:
    """Refine up to the resolution at which rings are seen, which shows more rings, and so on."""
    reach = plan.band[1]
    for _ in range(_FOLLOWED):
        farther = min(1 / found.resolution, plan.limit, _FARTHEST)
        if farther <= reach:
            break
        reach = farther
        wider = whiten(spectra.within(plan.band[0], reach))
        refined = refine(wider, found.aberrations, plan.optics, plan.space.astigmatism, phase=plan.phase)
        judged = judge(spectra, refined, plan, seen=True)
        found = replace(judged, resolution=min(found.resolution, judged.resolution))
    return found


def judge(spectra: PolarSpectra, aberrations: Aberrations, plan: Plan, *, seen: bool) -> Fit:
    """Compare aberrations with the spectra; rings that are not ``seen`` reach no resolution."""
    low, high = plan.band
    levelled = level(spectra.within(0.75 * low, plan.limit), aberrations, plan.optics)
    profile = equiphase_profile(levelled, aberrations, plan.optics)
    merit = figure_of_merit(whiten(levelled.within(low, high)), aberrations, plan.optics)
    return Fit(aberrations, fit_resolution(profile, low, high) if seen else 1 / low, merit, profile, levelled)
