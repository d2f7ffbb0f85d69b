"""From the particles of a session to a density, as far as they lead."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.averaging import Refined
from flows.averaging_steps import average, classify, find_b_factor, find_density, sharpen, turn
from flows.averaging_tools import AveragingTools
from tasks.classification_2d import place_of_classes_2d
from tasks.errors import ResultError
from tasks.models import Model, ParticleSet
from tasks.models.classes import SelectedParticles
from tasks.models.maps import FoundSymmetry
from tasks.models.resolution import BFactorFit
from tasks.particle_extraction import cut_batches, gather_particles
from tasks.report import show_b_factor, show_classes, show_density, show_end
from tasks.reuse import recall


class Outcome(Model):
    """What was made of the particles of a session; None for what was not reached."""

    particles: ParticleSet
    """All of them."""
    selected: tuple[SelectedParticles, ...] = ()
    """The good classes of each batch."""
    good: ParticleSet | None = None
    """The particles of all good classes."""
    first: FoundSymmetry | None = None
    """The first density."""
    found: Refined | None = None
    """The density, refined and sharpened."""
    b_factor: BFactorFit | None = None
    """None also where there are too few particles to find one."""
    ended: str = ""
    """Why it ended before all was done; nothing if all was done."""

    @property
    def lines(self) -> list[str]:
        """What came out, in words for the user."""
        kept = sum(each.particles.count for each in self.selected)
        lines = [f"{self.particles.count} particles: {self.particles.star}"]
        lines += [f"{kept} of them in good 2D classes: {self.good.star}"] if self.good else []
        lines += [f"symmetry: {self.first.why}"] if self.first else []
        if self.found:
            density = self.found.sharpened.map
            at = f"{density.resolution:.1f} angstrom" if density.resolution else "no resolution"
            lines.append(f"density of {self.found.refinement.particles.count} particles at {at}: {density.path}")
        lines += [f"B factor: {self.b_factor.b_factor:.0f} square angstrom"] if self.b_factor else []
        return lines + ([f"ended early: {self.ended}"] if self.ended else [])


def averaged(name: str, particles: ParticleSet, tools: AveragingTools, folder: Path) -> Outcome:
    """Take particles to a density; where what was found cannot be trusted, end with the reason and what there is."""
    reached = [Outcome(particles=particles)]
    try:
        reached.extend(_stages(name, reached[0], tools, folder))
    except ResultError as reason:
        show_end(name, str(reason))
        return reached[-1].model_copy(update={"ended": str(reason)})
    return reached[-1]


def _stages(name: str, outcome: Outcome, tools: AveragingTools, folder: Path) -> Iterator[Outcome]:
    """Yield what is known after each stage."""
    batches = cut_batches.submit(outcome.particles, tools.batch_size, folder / "batches").result().batches
    # One after the other, as each takes the whole machine.
    selected = tuple(_selected(name, number, batch, tools, folder) for number, batch in enumerate(batches, 1))
    yield (outcome := _with(outcome, selected=selected))
    good = gather_particles.submit(_kept(selected), folder / "good_particles").result()
    yield (outcome := _with(outcome, good=good))
    first = find_density.submit(good, tools, folder).result()
    yield (outcome := _with(outcome, first=first))
    best = average.submit(good, first.map, tools, folder).result()
    refined = sharpen.submit(best, tools, folder).result()
    found = turn.submit(refined, tools, folder).result()
    yield (outcome := _with(outcome, found=found))
    show_density(name, first, found.refinement, found.sharpened, folder / "pictures")
    fit = find_b_factor.submit(refined, tools, folder).result()
    if fit:
        show_b_factor(name, fit)
    yield _with(outcome, b_factor=fit)


def _selected(name: str, number: int, batch: ParticleSet, tools: AveragingTools, folder: Path) -> SelectedParticles:
    """Classify a batch, and show its classes."""
    below = folder / f"batch_{number}"
    selected = classify.submit(batch, tools, below).result()
    classes = recall(place_of_classes_2d(batch, tools.classifier_2d, below / "classification_2d"))
    if classes:
        show_classes(f"{name} {number}", classes, selected, folder / "pictures" / f"{name}_classes_{number}.png")
    return selected


def _kept(selected: Sequence[SelectedParticles]) -> tuple[ParticleSet, ...]:
    """Return the particles of good classes; raise ResultError if there are none."""
    kept = tuple(each.particles for each in selected if each.particles.count)
    if not kept:
        raise ResultError("; ".join(each.why for each in selected[:3]))
    return kept


def _with(outcome: Outcome, **found: object) -> Outcome:
    return outcome.model_copy(update=found)
