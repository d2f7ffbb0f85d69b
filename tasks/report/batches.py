"""What was found of each batch of particles: 2D classes, and which of them are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tasks.images import picture_averages
from tasks.ledger import Ledger, Result, results_of
from tasks.models import ParticleSet
from tasks.models.classes import Classes2D, ClassScore, SelectedParticles
from tasks.report.album import Album
from tasks.report.findings import Findings, findings_in
from tasks.report.items import Item
from tasks.report.particle_facts import BatchFacts, ClassFacts
from tasks.report.shown import Shown

KIND = "particle_batch"
PICTURES_AT_ONCE = 8

Known = Mapping[str, Mapping[str, Result]]


@dataclass(frozen=True)
class FoundBatches:
    """What was found of batches of particles."""

    known: Known
    gathered: Findings[ParticleSet]
    classes: Findings[Classes2D]
    selected: Findings[SelectedParticles]

    @property
    def steps(self) -> tuple[Findings[Any], ...]:
        """What each step found."""
        return self.gathered, self.classes, self.selected


def found_batches(ledger: Ledger, session: str, items: Sequence[Item]) -> FoundBatches:
    """Ask the ledger what was found of the batches among the items that have particles."""
    known = results_of(ledger, session, KIND, [item.key for item in _filled(items)])
    return FoundBatches(
        known,
        findings_in(known, "particles", ParticleSet),
        findings_in(known, "classification_2d", Classes2D),
        findings_in(known, "class_selection", SelectedParticles),
    )


def batch_facts(items: Sequence[Item], found: FoundBatches, report: Path) -> tuple[BatchFacts, ...]:
    """Tell of each batch, in order, with pictures in a folder of the report."""
    album = Album(report / "classes", ".jpg", PICTURES_AT_ONCE)
    batches = sorted(_filled(items), key=lambda item: (len(item.key), item.key))
    # The last one first, so that its picture comes first.
    facts = [_facts(item, found, album) for item in reversed(batches)]
    album.forget()
    return tuple(reversed(facts))


def _filled(items: Sequence[Item]) -> list[Item]:
    """Return the batches; one without micrographs is no longer needed."""
    return [item for item in items if item.kind == KIND and item.payload.get("micrographs")]


def _facts(item: Item, found: FoundBatches, album: Album) -> BatchFacts:
    members, particles = item.payload["micrographs"], item.payload.get("particles")
    gathered, classes = found.gathered.value(item.key), found.classes.value(item.key)
    selected = _judged(classes, found.selected.value(item.key))
    ordered = class_facts(classes, selected) if classes else ()
    return BatchFacts(
        key=item.key,
        state=item.state,
        complete=bool(item.payload.get("complete")),
        micrographs=len(members) if isinstance(members, list) else 0,
        particles=particles if isinstance(particles, int) else 0,
        left_out=gathered.left_out if gathered else (),
        classified=classes and classes.particles.count,
        kept=selected and selected.particles.count,
        threshold=selected and selected.threshold,
        why=selected.why if selected else "",
        classes=ordered,
        box_size=classes and classes.particles.box_size,
        pixel_size=classes and classes.particles.pixel_size,
        picture=_picture(item, classes, ordered, album),
        seconds={step: result.seconds for step, result in found.known.get(item.key, {}).items()},
    )


def class_facts(classes: Classes2D, selected: SelectedParticles | None) -> tuple[ClassFacts, ...]:
    """Tell of each class and what was thought of it, the largest first."""
    scores = {score.number: score for score in selected.scores} if selected else {}
    largest_first = sorted(classes.classes, key=lambda one: -one.particles)
    return tuple(
        ClassFacts(
            number=one.number,
            particles=one.particles,
            resolution=one.resolution,
            **_judgement(scores.get(one.number)),
        )
        for one in largest_first
    )


def _judgement(score: ClassScore | None) -> dict[str, Any]:
    return {"kept": score.selected, "score": score.score, "why": score.reason} if score else {"kept": None}


def _judged(classes: Classes2D | None, selected: SelectedParticles | None) -> SelectedParticles | None:
    """Return a selection if it is one of these classes: those of a batch that has grown since are not yet judged."""
    if classes is None or selected is None:
        return None
    counts = {one.number: one.particles for one in classes.classes}
    kept = sum(counts.get(score.number, 0) for score in selected.scores if score.selected)
    return selected if kept == selected.particles.count and len(selected.scores) == len(counts) else None


def _picture(item: Item, classes: Classes2D | None, ordered: Sequence[ClassFacts], album: Album) -> Shown:
    if classes is None:
        return Shown(words="no classes yet")
    numbers = [one.number for one in ordered if one.particles]
    draw = partial(picture_averages, numbers=numbers)
    return album.show(classes.averages, f"batch_{item.key}", draw, f"2D class averages of batch {item.key}")
