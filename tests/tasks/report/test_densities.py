from pathlib import Path

import numpy as np
import pytest
from relion_runs import needs_relion, refined

from tasks.formats.mrc import write_mrc
from tasks.models.maps import Class3D, Classes3D, FoundSymmetry, InitialModel, Map, Refinement, SymmetryScore
from tasks.models.resolution import BFactorFit, FscShell, Mirrored, PostProcessed, ResolutionPoint
from tasks.post_processing import RelionPostProcessing
from tasks.report.densities import density_facts, found_densities
from tasks.report.gathering import gather
from tasks.report.items import items_of
from tasks.report.page import render


@pytest.fixture
def density(tmp_path):
    """A density of a resolution."""

    def make(name: str = "a.mrc", resolution: float = 8.0) -> Map:
        write_mrc(tmp_path / name, np.random.default_rng(1).normal(size=(8, 8, 8)).astype(np.float32), 4)
        return Map(path=tmp_path / name, pixel_size=4, box_size=8, resolution=resolution)

    return make


@pytest.fixture
def classes(density, some):
    return Classes3D(
        particles=some(100),
        model=Path("model.star"),
        optimiser=Path("optimiser.star"),
        classes=tuple(
            Class3D(number=number, particles=count, fraction=count / 100, map=density(f"{number}.mrc"))
            for number, count in ((1, 70), (2, 30), (3, 0))
        ),
        best=1,
        why="finest",
        program="test",
    )


@pytest.fixture
def refinement(density, some):
    return Refinement(
        particles=some(70),
        map=density("refined.mrc"),
        model=Path("model.star"),
        optimiser=Path("optimiser.star"),
        iterations=7,
        program="test",
    )


@pytest.fixture
def sharpened(density):
    """A sharpened density of a resolution."""

    def make(resolution: float, mask: Path = Path("gone.mrc")) -> PostProcessed:
        shells = ((16, 1.0), (8, 0.5), (4, 0.1))
        return PostProcessed(
            map=density("sharpened.mrc", resolution),
            masked=density("masked.mrc").path,
            mask=mask,
            b_factor=-80,
            fsc=tuple(
                FscShell(resolution=shell, corrected=value, unmasked=value, masked=value, randomised=0)
                for shell, value in shells
            ),
            star=Path("a.star"),
            program="test",
        )

    return make


def told(grid):
    items = items_of(grid.ledger, grid.session.name)
    found = found_densities(grid.ledger, grid.session.name, items)
    return density_facts(items, found, grid.session.folder / "report")


def test_a_density_tells_all_that_was_found_of_it(spa, density, classes, refinement, sharpened):
    model = InitialModel(map=density(), classes=(), best=1, why="alone", program="test")
    scores = (SymmetryScore(group="C2", agreement=0.1),)
    symmetry = FoundSymmetry(map=density(), scores=scores, why="no symmetry", program="test")
    found = {"initial_model": model, "symmetry_search": symmetry, "classification_3d": classes}
    spa.done("classification_3d", "50000", found, batches=["1", "2"], particles=51_000)
    found_then = {"refinement": refinement, "post_processing": sharpened(7.5, density("mask.mrc").path)}
    spa.done("refinement", "50000", found_then)
    points = tuple(ResolutionPoint(particles=count, resolution=10 - count / 100) for count in (10, 20, 70))
    fit = BFactorFit(points=points, slope=0.01, intercept=0.1, b_factor=200, confidence=None, program="test")
    spa.done("b_factor", "50000", {"b_factor": fit})
    (one,) = told(spa)
    assert (one.name, one.batches, one.state) == ("the first 51,000 good particles", ("1", "2"), "done")
    assert (one.refining, one.fitting, one.resolution) == ("done", "done", 7.5)
    assert (one.first, one.symmetry, one.classes) == (model, symmetry, classes)
    assert (one.refinement, one.fit) == (refinement, fit)
    assert list(one.pictures) == ["surface", "sharpened density", "class 1", "class 2", "first density"]
    assert all((spa.session.folder / "report" / shown.file).is_file() for shown in one.pictures.values())
    assert one.seconds == dict.fromkeys((*found, *found_then, "b_factor"), 10)


def test_the_page_says_why_and_how_well(spa, density, classes, refinement, sharpened):
    scores = (SymmetryScore(group="C2", agreement=0.1), SymmetryScore(group="C3", agreement=0.2))
    symmetry = FoundSymmetry(map=density(), scores=scores, why="nothing agrees", program="test")
    found = {"symmetry_search": symmetry, "classification_3d": classes}
    spa.done("classification_3d", "all", found, batches=["1"], particles=100)
    spa.done("refinement", "all", {"refinement": refinement, "post_processing": sharpened(7.5)})
    page = render(gather(spa.ledger, spa.session, spa.session.folder / "report")).replace("\u202f", " ")
    for words in (
        "Density of all good particles: 7.50 Å",
        "Goes on: finest.",
        "<b>class 2</b><br>30 particles <small>(30&thinsp;%)</small>",
        "1 class is empty.",
        "C1: nothing agrees",
        "C3 0.20, C2 0.10",
        "7.50 Å (FSC 0.143 in the mask)",
        "B factor -80 Å²",
        "after 7 iterations",
        "above 0.143 to 7.5 Å",
    ):
        assert words in page


def test_a_density_of_the_other_hand_takes_the_place_of_the_first(spa, classes, refinement, sharpened):
    first, other = sharpened(7.5), sharpened(7.5).model_copy(update={"b_factor": -81})
    found = {"refinement": refinement, "post_processing": first}
    spa.done("classification_3d", "all", {"classification_3d": classes}, batches=["1"], particles=100)
    spa.done("refinement", "all", found | {"mirrored": Mirrored(refinement=refinement, sharpened=other)})
    (one,) = told(spa)
    assert (one.sharpened.b_factor, one.final.b_factor) == (-80, -81)


def test_a_doubt_of_the_resolution_needs_attention(spa, classes, refinement):
    doubted = refinement.model_copy(update={"doubt": "it is that of the reference"})
    spa.done("classification_3d", "all", {"classification_3d": classes}, batches=["1"], particles=100)
    spa.done("refinement", "all", {"refinement": doubted})
    facts = gather(spa.ledger, spa.session, spa.session.folder / "report")
    said = "The resolution of the density of all good particles is in doubt: it is that of the reference"
    assert [(note.words, note.part) for note in facts.attention] == [(said, "density-all")]
    assert "<b>In doubt:</b> it is that of the reference." in render(facts)


def test_a_density_that_is_begun_says_how_far_it_is(spa, classes):
    spa.done("classification_3d", "all", {"classification_3d": classes}, batches=["1"], particles=100)
    spa.take("refinement", "all")
    (one,) = told(spa)
    assert (one.name, one.refining, one.fitting) == ("all good particles", "running", None)
    assert (one.resolution, one.points, one.first) == (None, (), None)


def test_parts_of_the_particles_are_told_as_they_are_refined(spa, classes, refinement, sharpened):
    spa.done("classification_3d", "all", {"classification_3d": classes}, batches=["1"], particles=100)
    spa.done("refinement", "all", {"refinement": refinement, "post_processing": sharpened(7.5)})
    spa.done("b_factor", "all", {"post_processing_20": sharpened(9.0), "post_processing_10": sharpened(10.0)})
    (one,) = told(spa)
    assert [(point.particles, point.resolution) for point in one.points] == [(10, 10), (20, 9), (70, 7.5)]


@needs_relion
def test_what_relion_refines_is_shown(spa, tmp_path_factory, tmp_path):
    whole = refined(tmp_path_factory.getbasetemp())
    sharp = RelionPostProcessing(mask_extension=0, mask_edge=2).sharpen(whole.map, tmp_path / "PostProcess")
    spa.done("classification_3d", "all", {}, batches=["1"], particles=80)
    spa.done("refinement", "all", {"refinement": whole, "post_processing": sharp})
    (one,) = told(spa)
    assert one.resolution == sharp.map.resolution
    assert one.sharpened.fsc == sharp.fsc
    assert one.pictures["sharpened density"].file
