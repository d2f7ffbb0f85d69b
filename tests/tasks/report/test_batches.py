from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from relion_runs import classes_2d, needs_relion

from tasks.class_selection import EmbeddedRanking
from tasks.formats.mrc import write_mrc
from tasks.images import COLUMNS, TILE
from tasks.models.classes import ClassAverage, Classes2D, ClassScore, SelectedParticles
from tasks.report.batches import batch_facts, found_batches
from tasks.report.gathering import gather
from tasks.report.items import items_of
from tasks.report.page import render


@pytest.fixture
def classified(tmp_path, some):
    """Classes of so many particles."""

    def make(*counts: int) -> Classes2D:
        averages = tmp_path / "averages.mrcs"
        write_mrc(averages, np.random.default_rng(1).normal(size=(len(counts), 8, 8)).astype(np.float32), 4, stack=True)
        return Classes2D(
            particles=some(sum(counts)),
            averages=averages,
            model=Path("model.star"),
            optimiser=Path("optimiser.star"),
            classes=tuple(
                ClassAverage(number=number, particles=count, fraction=count / sum(counts), resolution=10 + number)
                for number, count in enumerate(counts, 1)
            ),
            algorithm="em",
            program="test 2D",
        )

    return make


@pytest.fixture
def selected(some):
    """The particles of some classes."""

    def make(classes: Classes2D, *kept: int) -> SelectedParticles:
        return SelectedParticles(
            particles=some(sum(one.particles for one in classes.classes if one.number in kept)),
            averages=Path("kept.mrcs"),
            scores=tuple(
                ClassScore(number=one.number, score=0.5, selected=one.number in kept, reason=f"reason {one.number}")
                for one in classes.classes
            ),
            threshold=0.5,
            program="test",
        )

    return make


def told(grid):
    items = items_of(grid.ledger, grid.session.name)
    found = found_batches(grid.ledger, grid.session.name, items)
    return batch_facts(items, found, grid.session.folder / "report")


def batch(number: int = 60, *, complete: bool = True) -> dict[str, object]:
    return {"micrographs": ["a", "b"], "particles": number, "complete": complete}


def test_a_batch_tells_what_was_found_of_each_class_the_largest_first(spa, classified, selected):
    classes = classified(20, 30, 0, 10)
    spa.done(
        "particle_batch", "1", {"classification_2d": classes, "class_selection": selected(classes, 1, 2)}, **batch()
    )
    (one,) = told(spa)
    assert (one.state, one.complete, one.micrographs, one.particles) == ("done", True, 2, 60)
    assert (one.classified, one.kept, one.threshold, one.finest) == (60, 50, 0.5, 11)
    found = [(each.number, each.particles, each.resolution, each.kept, each.why) for each in one.classes]
    assert found == [
        (2, 30, 12, True, "reason 2"),
        (1, 20, 11, True, "reason 1"),
        (4, 10, 14, False, "reason 4"),
        (3, 0, 13, False, "reason 3"),
    ]
    with Image.open(spa.session.folder / "report" / one.picture.file) as sheet:
        assert sheet.size == (COLUMNS * TILE, TILE)


def test_classes_that_are_kept_are_told_apart_on_the_page(spa, classified, selected):
    classes = classified(20, 30, 0, 10)
    found = {"classification_2d": classes, "class_selection": selected(classes, 1, 2)}
    spa.done("particle_batch", "1", found, **batch())
    page = render(gather(spa.ledger, spa.session, spa.session.folder / "report"))
    assert [page.count(f'<figure class="class {kind}"') for kind in ("kept", "lost")] == [2, 1]
    assert page.index("Kept: 2 classes, 50 particles") < page.index("Left out: 1 class, 10 particles")
    assert "1 class is empty." in page
    assert '<td class="left">left out</td><td class="text">reason 4</td>' in page
    # The second largest class is the second tile of the sheet.
    assert f'<svg viewBox="{TILE} 0 {TILE} {TILE}" role="img" aria-label="class 1">' in page


def test_batches_come_in_order_and_those_no_longer_needed_not_at_all(spa):
    for number in (10, 9, 1):
        spa.done("particle_batch", str(number), {}, **batch(complete=number != 10))
    spa.done("particle_batch", "2", {}, micrographs=[], particles=0, complete=True)
    assert [(one.key, one.complete, one.picture.words) for one in told(spa)] == [
        ("1", True, "no classes yet"),
        ("9", True, "no classes yet"),
        ("10", False, "no classes yet"),
    ]


def test_classes_that_were_made_anew_are_not_judged_by_the_selection_before(spa, classified, selected):
    found = {"classification_2d": classified(20, 30, 10), "class_selection": selected(classified(5, 5, 5), 1, 2)}
    spa.done("particle_batch", "1", found, **batch())
    (one,) = told(spa)
    assert (one.classified, one.kept) == (60, None)
    assert {each.kept for each in one.classes} == {None}


def test_a_batch_of_junk_only_needs_attention(spa, classified, selected):
    classes = classified(20, 40)
    spa.done("particle_batch", "1", {"classification_2d": classes, "class_selection": selected(classes)}, **batch())
    (note,) = gather(spa.ledger, spa.session, spa.session.folder / "report").attention
    assert note.words.startswith("No particles of batch 1 are kept: all 2 classes are junk: none scores 0.50")
    assert note.part == "classes"


def test_results_of_another_version_are_noticed(spa, some):
    spa.done("particle_batch", "1", {"classification_2d": some(3)}, **batch())
    notes = gather(spa.ledger, spa.session, spa.session.folder / "report").attention
    said = [(note.words, note.part) for note in notes]
    assert said == [("1 result of 2D classification of another version cannot be shown", "classes")]


@needs_relion
def test_real_classes_and_their_ranking_are_shown(spa, tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    found = {"classification_2d": classes, "class_selection": EmbeddedRanking().select(classes, tmp_path / "selection")}
    spa.done("particle_batch", "1", found, **batch(120))
    (one,) = told(spa)
    assert one.classified == 120
    assert one.kept == sum(each.particles for each in one.classes if each.kept) > 0
    assert [each.particles for each in one.classes] == sorted((each.particles for each in one.classes), reverse=True)
    assert all(each.why for each in one.classes)
    assert one.picture.file
