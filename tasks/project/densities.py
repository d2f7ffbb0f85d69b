"""The densities of a single-particle session: classified in 3D, refined and sharpened, one after the other."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tasks.project.batches import selection_of
from tasks.project.density_places import DensityPlace
from tasks.project.found import ProcessedBatch, ProcessedDensity
from tasks.project.job import Job, Outcome
from tasks.project.model_jobs import best_particles, classes_in_3d, first_density
from tasks.project.refined_jobs import fitted, masked, refined, sharpened
from tasks.project.runs import PARTICLES, Names, write_copy, write_joined

JOIN = "JoinStar/job009"
_ALL = "join_particles.star"
_JOBS = {
    "first": first_density,
    "class3d": classes_in_3d,
    "best": best_particles,
    "refine3d": refined,
    "mask": masked,
    "postprocess": sharpened,
    "b_factor": fitted,
}


def jobs_of(density: ProcessedDensity) -> list[str]:
    """Return what we call the jobs of a density that have begun, in their order."""
    return [f"{kind} {density.name}" for kind in _begun(density)]


def write_densities(
    project: Path,
    batches: Sequence[ProcessedBatch],
    densities: Sequence[ProcessedDensity],
    numbers: Mapping[str, int],
    names: Names,
) -> list[Outcome]:
    """Write the good particles of all batches together, and what was found of densities; return the jobs."""
    chosen = [batch for batch in batches if batch.selected and batch.selected.particles.count]
    if not chosen:
        return []
    outcomes, first = [_together(project, chosen, densities, numbers, names)], ""
    for density in densities:
        place = DensityPlace(project, density, numbers, names, is_only=density is densities[0], reference=first)
        outcomes += [_JOBS[kind](place) for kind in _begun(density)]
        if density.first and not first:
            first = f"{place.folder('first')}/initial_model.mrc"
    return outcomes


def _together(
    project: Path,
    batches: Sequence[ProcessedBatch],
    densities: Sequence[ProcessedDensity],
    numbers: Mapping[str, int],
    names: Names,
) -> Outcome:
    """Put the particles of good classes together: all, and those of each density."""
    write_joined(project, f"{JOIN}/{_ALL}", [batch.selected.particles for batch in batches if batch.selected], names)
    parts = [f"particles_batch_{density.name}.star" for density in densities]
    for density, part in zip(densities, parts, strict=True):
        write_copy(project, f"{JOIN}/{part}", density.particles.star, names)
    given = tuple(f"{selection_of(batch, numbers)}/particles.star" for batch in batches)
    options = {f"fn_part{number}": name for number, name in enumerate(given[:4], 1)}
    job = Job(
        folder=JOIN,
        type="relion.joinstar.particles",
        alias="Live_best_particles",
        inputs=given,
        outputs=tuple((name, PARTICLES) for name in (_ALL, *parts)),
    )
    return Outcome(job=job, done=len(batches), options={"do_part": "Yes", **options})


def _begun(density: ProcessedDensity) -> Iterator[str]:
    """Yield the kinds of jobs that have a result, and the one that failed."""
    has_own_mask = density.sharpened is not None and density.sharpened.mask_threshold is not None
    results = {
        "first": density.first,
        "class3d": density.classes,
        "best": density.best,
        "refine3d": density.refinement,
        "mask": density.sharpened if has_own_mask else None,
        "postprocess": density.sharpened,
        "b_factor": density.b_factor,
    }
    for kind, found in results.items():
        if found or kind == failed(density):
            yield kind


def failed(density: ProcessedDensity) -> str | None:
    """Return the kind of job at which a density has stopped for good; none if it has not."""
    results = {
        "class3d": density.classes,
        "refine3d": density.refinement,
        "postprocess": density.sharpened,
        "b_factor": density.b_factor,
    }
    return next((kind for kind, found in results.items() if density.failure and not found), None)
