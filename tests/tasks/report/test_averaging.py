from pathlib import Path

import numpy as np

from tasks.models import ParticleSet
from tasks.models.maps import FoundSymmetry, Map, Refinement
from tasks.models.resolution import BFactorFit, FscShell, PostProcessed, ResolutionPoint
from tasks.report.averaging import b_factor_page, density_table, fsc_picture

DENSITY = Map(path=Path("/results/postprocess.mrc"), pixel_size=4, box_size=32, symmetry="D2", resolution=9.24)
SHELLS = tuple(
    FscShell(resolution=128 / shell, corrected=1 - shell / 16, unmasked=1 - shell / 16, masked=1, randomised=0)
    for shell in range(1, 17)
)
SHARPENED = PostProcessed(
    map=DENSITY, masked=Path("a"), mask=Path("/results/mask.mrc"), fsc=SHELLS, star=Path("c"), program="RELION"
)
REFINEMENT = Refinement(
    particles=ParticleSet(star=Path("/results/run_data.star"), count=4321, box_size=32, pixel_size=4, diameter=90),
    map=DENSITY,
    model=Path("m"),
    optimiser=Path("o"),
    rotation_accuracy=1.94,
    iterations=12,
    program="RELION 3.1.3",
)


def test_a_density_is_told_with_its_resolution_symmetry_and_files():
    first = FoundSymmetry(map=DENSITY, scores=(), why="D2 is the largest group whose copies agree", program="RELION")
    table = density_table(first, REFINEMENT, SHARPENED).replace("\u202f", " ")
    assert "| resolution (FSC 0.143, within the mask) | 9.2 A |" in table
    assert "| finest that voxels of 4.00 A allow | 8.0 A |" in table
    assert "| symmetry | D2 (D2 is the largest group whose copies agree) |" in table
    assert "| accuracy of angles | 1.9 deg |" in table
    assert "`/results/run_data.star`" in table


def test_what_more_particles_would_give_is_told():
    points = tuple(ResolutionPoint(particles=count, resolution=9 - place) for place, count in enumerate((500, 1000)))
    fit = BFactorFit(
        points=points, slope=0.004, intercept=-0.012, b_factor=500, confidence=(400, 700), program="embedded"
    )
    page = b_factor_page("cm1", fit).replace("\u202f", " ")
    assert "B = 500 square angstrom (400 to 700 with 95 %)." in page
    assert f"10000 particles can be expected to give {fit.resolution(10_000):.2f} A." in page
    assert "| 500 | 9.00 |" in page


def test_the_correlation_of_the_halves_is_drawn():
    assert np.asarray(fsc_picture("halves", SHARPENED)).min() < 50
