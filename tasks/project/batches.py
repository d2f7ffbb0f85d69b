"""The batches of a single-particle session: particles that are classified together, and the classes that are kept."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tasks.formats.star_text import table
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.project.found import ProcessedBatch
from tasks.project.job import Job, Outcome
from tasks.project.particle_files import CUT
from tasks.project.places import link
from tasks.project.runs import PARTICLES, write_copy, write_run
from tasks.project.settings import yes_or_no
from tasks.project.tilt_rows import Columns
from tasks.project.writing import write_text

SPLIT = "Select/job006"
FIRST = {"class2d 1": 7, "select2d 1": 8}
"""Numbers that are the same in every session."""

Names = Callable[[str], str]


def jobs_of(batch: ProcessedBatch) -> list[str]:
    """Return what we call the jobs of a batch that have begun."""
    begun = bool(batch.classes or batch.failure)
    chosen = bool(batch.selected or (batch.classes and batch.failure))
    return [f"class2d {batch.number}"] * begun + [f"select2d {batch.number}"] * chosen


def counted(batches: Sequence[ProcessedBatch]) -> list[ProcessedBatch]:
    """Return batches with their numbers."""
    return [
        batch if batch.number else batch.model_copy(update={"number": number})
        for number, batch in enumerate(batches, 1)
    ]


def write_batches(
    project: Path, batches: Sequence[ProcessedBatch], numbers: Mapping[str, int], names: Names
) -> list[Outcome]:
    """Write the batches and what was found of them, under the names of the project; return their jobs."""
    if not batches:
        return []
    outcomes = [_split(project, batches, names)]
    for batch in batches:
        begun = jobs_of(batch)
        if begun:
            classified = f"Class2D/job{numbers[begun[0]]:03d}"
            outcomes.append(_classified(project, batch, classified, names))
        if len(begun) > 1:
            outcomes.append(_selected(project, batch, selection_of(batch, numbers), classified, names))
    return outcomes


def selection_of(batch: ProcessedBatch, numbers: Mapping[str, int]) -> str:
    """Return the folder of the job that keeps the good classes of a batch."""
    return f"Select/job{numbers[f'select2d {batch.number}']:03d}"


def _split(project: Path, batches: Sequence[ProcessedBatch], names: Names) -> Outcome:
    files = [f"particles_split{batch.number}.star" for batch in batches]
    for batch, name in zip(batches, files, strict=True):
        write_copy(project, f"{SPLIT}/{name}", batch.particles.star, names)
    job = Job(
        folder=SPLIT,
        type="relion.select.split",
        alias="Live_particle_batches",
        inputs=(CUT,),
        outputs=tuple((name, PARTICLES) for name in files),
    )
    size = max(batch.particles.count for batch in batches)
    options = {"fn_data": job.inputs[0], "do_split": "Yes", "split_size": size}
    return Outcome(job=job, done=len(batches), options=options)


def _classified(project: Path, batch: ProcessedBatch, folder: str, names: Names) -> Outcome:
    found = batch.classes
    outputs: tuple[tuple[str, str], ...] = ()
    if found:
        _write_classes(project, folder, found, names)
        outputs = (
            (found.optimiser.name, "OptimiserData.star.relion.class2d"),
            (found.particles.star.name, f"{PARTICLES}.class2d"),
        )
    given = f"{SPLIT}/particles_split{batch.number}.star"
    is_gradient = found is not None and found.algorithm == "vdam"
    return Outcome(
        job=Job(
            folder=folder,
            type=f"relion.class2d.{'vdam' if is_gradient else 'em'}",
            alias=f"Live_class2d_batch{batch.number}",
            inputs=(given,),
            outputs=outputs,
        ),
        done=int(found is not None),
        failures=() if found else (f"{batch.particles.star}: {batch.failure}",),
        options={
            "fn_img": given,
            "nr_classes": len(found.classes) if found else 50,
            "particle_diameter": batch.particles.diameter,
            "do_grad": yes_or_no(is_gradient),
            "do_em": yes_or_no(not is_gradient),
        },
        programs=(found.program,) if found else (),
    )


def _write_classes(project: Path, folder: str, found: Classes2D, names: Names) -> None:
    """Write RELION's files of a classification so that they name each other as files of this job."""
    sampling = found.optimiser.with_name(found.optimiser.name.replace("optimiser", "sampling"))
    write_copy(project, f"{folder}/{found.particles.star.name}", found.particles.star, names)
    write_run(project, folder, (found.model, found.optimiser, sampling), (found.averages,))


def _selected(project: Path, batch: ProcessedBatch, folder: str, before: str, names: Names) -> Outcome:
    selected, classes = batch.selected, batch.classes
    given = f"{before}/{classes.optimiser.name}" if classes else ""
    if selected:
        write_copy(project, f"{folder}/particles.star", selected.particles.star, names)
        if selected.averages:
            link(project / folder / "class_averages.mrcs", selected.averages)
        write_text(project / folder / "class_averages.star", table("", _averages(selected, folder)))
    job = Job(
        folder=folder,
        type="relion.select.class2dauto",
        alias=f"Live_selected_batch{batch.number}",
        inputs=(given,),
        outputs=(
            ("particles.star", PARTICLES),
            ("class_averages.star", "Image2DGroupMetadata.star.relion.classaverages"),
        ),
    )
    return Outcome(
        job=job,
        done=int(selected is not None),
        failures=() if selected else (f"{batch.particles.star}: {batch.failure}",),
        notes=tuple(_judged(selected)) if selected else (),
        options={
            "fn_model": given,
            "do_class_ranker": "Yes",
            "rank_threshold": selected.threshold if selected else 0.5,
        },
        programs=(selected.program,) if selected else (),
    )


def _averages(selected: SelectedParticles, folder: str) -> list[Columns]:
    kept = sorted((score for score in selected.scores if score.selected), key=lambda score: -score.score)
    return [
        {
            "rlnReferenceImage": f"{section:06d}@{folder}/class_averages.mrcs",
            "rlnPredictedClassScore": score.score,
            "rlnClassNumber": score.number,
        }
        for section, score in enumerate(kept, 1)
    ]


def _judged(selected: SelectedParticles) -> list[str]:
    return [
        f"class {score.number}: {score.score:.2f}, {'kept' if score.selected else 'left out'}: {score.reason}"
        for score in selected.scores
    ]
