"""What was found of particles in three dimensions: first density, symmetry, classes, refinement, B factor."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.images import picture_density
from tasks.ledger import Ledger, Result, results_of
from tasks.models.maps import Classes3D, FoundSymmetry, InitialModel, Refinement
from tasks.models.resolution import BFactorFit, Mirrored, PostProcessed, ResolutionPoint
from tasks.report.album import Album
from tasks.report.findings import Findings, findings_in
from tasks.report.items import Item
from tasks.report.particle_facts import DensityFacts
from tasks.report.shown import Shown
from tasks.report.surface import picture_sharpened

CLASSES, REFINEMENT, B_FACTOR = "classification_3d", "refinement", "b_factor"
PICTURES_AT_ONCE = 8
_PART = "post_processing_"


@dataclass(frozen=True)
class FoundDensities:
    """What was found of densities."""

    known: Mapping[str, Mapping[str, Result]]
    """All results, by the keys of the densities."""
    first: Findings[InitialModel]
    symmetry: Findings[FoundSymmetry]
    classes: Findings[Classes3D]
    refinement: Findings[Refinement]
    sharpened: Findings[PostProcessed]
    mirrored: Findings[Mirrored]
    fit: Findings[BFactorFit]

    @property
    def steps(self) -> tuple[Findings[Any], ...]:
        """What each step found."""
        return self.first, self.symmetry, self.classes, self.refinement, self.sharpened, self.mirrored, self.fit


def found_densities(ledger: Ledger, session: str, items: Sequence[Item]) -> FoundDensities:
    """Ask the ledger what was found of the densities among the items."""
    known: dict[str, dict[str, Result]] = {}
    for kind in (CLASSES, REFINEMENT, B_FACTOR):
        keys = [item.key for item in items if item.kind == kind]
        for key, results in results_of(ledger, session, kind, keys).items():
            known.setdefault(key, {}).update(results)
    return FoundDensities(
        known,
        findings_in(known, "initial_model", InitialModel),
        findings_in(known, "symmetry_search", FoundSymmetry),
        findings_in(known, "classification_3d", Classes3D),
        findings_in(known, "refinement", Refinement),
        findings_in(known, "post_processing", PostProcessed),
        findings_in(known, "mirrored", Mirrored),
        findings_in(known, "b_factor", BFactorFit),
    )


def density_facts(items: Sequence[Item], found: FoundDensities, report: Path) -> tuple[DensityFacts, ...]:
    """Tell of each density, in the order in which they were begun, with pictures in a folder of the report."""
    album = Album(report / "densities", ".jpg", PICTURES_AT_ONCE)
    states = {(item.kind, item.key): item.state for item in items}
    begun = [item for item in items if item.kind == CLASSES]
    # The last one first, so that its pictures come first.
    facts = [_facts(item, states, found, album) for item in reversed(begun)]
    album.forget()
    return tuple(reversed(facts))


def _facts(item: Item, states: Mapping[tuple[str, str], Any], found: FoundDensities, album: Album) -> DensityFacts:
    key, particles, batches = item.key, item.payload.get("particles"), item.payload.get("batches")
    sharpened = found.sharpened.value(key)
    known = found.known.get(key, {})
    facts = DensityFacts(
        key=key,
        state=item.state,
        refining=states.get((REFINEMENT, key)),
        fitting=states.get((B_FACTOR, key)),
        batches=tuple(map(str, batches)) if isinstance(batches, list) else (),
        particles=particles if isinstance(particles, int) else 0,
        first=found.first.value(key),
        symmetry=found.symmetry.value(key),
        classes=found.classes.value(key),
        refinement=found.refinement.value(key),
        sharpened=sharpened,
        mirrored=found.mirrored.value(key),
        points=tuple(_points(known, found.refinement.value(key), sharpened)),
        fit=found.fit.value(key),
        pictures={},
        seconds={step: result.seconds for step, result in known.items()},
    )
    return facts.model_copy(update={"pictures": _pictures(facts, album)})


def _points(
    known: Mapping[str, Result], whole: Refinement | None, sharpened: PostProcessed | None
) -> Iterator[ResolutionPoint]:
    """Yield what parts of the particles were refined to so far, and all of them."""
    parts = sorted(int(step.removeprefix(_PART)) for step in known if step.startswith(_PART))
    for part in parts:
        resolution = findings_in({"": known}, f"{_PART}{part}", PostProcessed).value("")
        if resolution and resolution.map.resolution:
            yield ResolutionPoint(particles=part, resolution=resolution.map.resolution)
    if whole and sharpened and sharpened.map.resolution:
        yield ResolutionPoint(particles=whole.particles.count, resolution=sharpened.map.resolution)


def _pictures(facts: DensityFacts, album: Album) -> dict[str, Shown]:
    """Picture each density, the most important first."""
    surface = {}
    if final := facts.final:
        words = f"surface of the density of {facts.name}, along z, y and x"
        surface["surface"] = album.show(final.masked, f"{facts.key}_surface", lambda _: picture_sharpened(final), words)
    return surface | {
        name: album.show(path, f"{facts.key}_{name}", picture_density, f"{name}, of {facts.name}, along z, y and x")
        for name, path in _densities(facts)
    }


def _densities(facts: DensityFacts) -> Iterator[tuple[str, Path]]:
    if facts.final:
        yield "sharpened density", facts.final.masked
    elif facts.refinement:
        yield "refined density", facts.refinement.map.path
    for one in facts.classes.classes if facts.classes else ():
        if one.particles:
            yield f"class {one.number}", one.map.path
    if facts.symmetry:
        yield "first density", facts.symmetry.map.path
    elif facts.first:
        yield "first density", facts.first.map.path
