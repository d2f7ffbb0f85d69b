import math
import re

import pytest

from tasks.models.resolution import BFactorFit, FscShell, ResolutionPoint
from tasks.report.resolution_figures import b_factor_plot, fsc_plot

POINTS = [ResolutionPoint(particles=count, resolution=(0.01 * math.log(count)) ** -0.5) for count in (1000, 10_000)]


def shell(resolution, corrected):
    return FscShell(resolution=resolution, corrected=corrected, unmasked=corrected / 2, masked=corrected, randomised=0)


def ticks(drawn):
    return re.findall(r'text-anchor="middle">([^<]*)</text>', drawn)


def test_the_curves_of_half_maps_are_drawn_against_their_resolution():
    drawn = fsc_plot([shell(20, 1.0), shell(5, 0.5), shell(4, 0.0)], 4.4)
    assert len(re.findall(r'class="line[012]"', drawn)) == 3
    assert ticks(drawn)[-1] == "resolution (Å)"
    assert {"10", "5", "4"} <= set(ticks(drawn))
    assert "above 0.143 to 4.4 Å" in drawn
    assert ">0.143<" in drawn


def test_half_maps_without_shells_are_told_in_words():
    assert "none yet" in fsc_plot([], None)


def test_resolution_grows_with_particles_along_the_line_that_was_fitted():
    fit = BFactorFit(
        points=tuple(POINTS), slope=0.01, intercept=0.0, b_factor=200, confidence=None, program="embedded fit"
    )
    drawn = b_factor_plot(POINTS, fit)
    dots = re.search(r'class="dots0" d="M([\d.]+) ([\d.]+)h0M([\d.]+) ([\d.]+)h0"', drawn).groups()
    line = re.search(r'class="line1" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', drawn).groups()
    assert [float(place) for place in dots] == pytest.approx([float(place) for place in line], abs=0.6)
    assert {"1,000", "10,000"} <= set(ticks(drawn))
    assert "B factor 200 Å²" in drawn


def test_points_without_a_fit_are_drawn_and_those_left_out_told_apart():
    assert 'class="line1"' not in b_factor_plot(POINTS, None)
    limited = ResolutionPoint(particles=50_000, resolution=3.0)
    fit = BFactorFit(
        points=(*POINTS, limited),
        left_out=(limited,),
        slope=0.01,
        intercept=0.0,
        b_factor=200,
        confidence=None,
        program="embedded fit",
    )
    drawn = b_factor_plot(fit.points, fit)
    assert "limited by the pixels" in drawn
    assert len(re.findall(r'class="dots2" d="M[\d.]+ [\d.]+h0"', drawn)) == 1
