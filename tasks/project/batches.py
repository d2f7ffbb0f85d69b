"""The batches of a single-particle session: particles that are classified together, and the classes that are kept."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from tasks.formats.star_text import table
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.project.found import ProcessedBatch
from tasks.project.growing_star import grow
from tasks.project.job import Job, Outcome
from tasks.project.particle_files import EXTRACT
from tasks.project.particle_text import moved, renamed
from tasks.project.places import link
from tasks.project.settings import yes_or_no
from tasks.project.tilt_rows import Columns
from tasks.project.writing import write_text

SPLIT = "Select/job006"
FIRST_CLASSES = 7
_PARTICLES = "ParticleGroupMetadata.star.relion"


def numbers_of(index: int) -> tuple[int, int]:
    """Return the numbers of the jobs that classify a batch and select its classes.

    Number 9 is kept for the particles of all selections together, so that the second batch begins at 10.
    """
    first = FIRST_CLASSES if index == 0 else FIRST_CLASSES + 1 + 2 * index
    return first, first + 1


def write_batches(project: Path, batches: Sequence[ProcessedBatch], names: Mapping[str, str]) -> list[Outcome]:
    """Write the batches and what was found of them, under the names of the project; return their jobs."""
    if not batches:
        return []
    outcomes = [_split(project, batches, names)]
    for index, batch in enumerate(batches):
        classify, select = (f"job{number:03d}" for number in numbers_of(index))
        if batch.classes or batch.failure:
            outcomes.append(_classified(project, batch, index, f"Class2D/{classify}", names))
        if batch.selected or (batch.classes and batch.failure):
            outcomes.append(_selected(project, batch, index, f"Select/{select}", f"Class2D/{classify}", names))
    return outcomes


def _split(project: Path, batches: Sequence[ProcessedBatch], names: Mapping[str, str]) -> Outcome:
    files = [f"particles_split{number}.star" for number in range(1, len(batches) + 1)]
    for batch, name in zip(batches, files, strict=True):
        _copy(project / SPLIT / name, batch.particles.star, names)
    job = Job(
        folder=SPLIT,
        type="relion.select.split",
        alias="Live_particle_batches",
        inputs=(f"{EXTRACT}/particles.star",),
        outputs=tuple((name, _PARTICLES) for name in files),
    )
    size = max(batch.particles.count for batch in batches)
    options = {"fn_data": job.inputs[0], "do_split": "Yes", "split_size": size}
    return Outcome(job=job, done=len(batches), options=options)


def _classified(project: Path, batch: ProcessedBatch, index: int, folder: str, names: Mapping[str, str]) -> Outcome:
    found = batch.classes
    outputs: tuple[tuple[str, str], ...] = ()
    if found:
        _write_classes(project / folder, folder, found, names)
        outputs = (
            (found.optimiser.name, "OptimiserData.star.relion.class2d"),
            (found.particles.star.name, f"{_PARTICLES}.class2d"),
        )
    given = f"{SPLIT}/particles_split{index + 1}.star"
    is_gradient = found is not None and found.algorithm == "vdam"
    return Outcome(
        job=Job(
            folder=folder,
            type=f"relion.class2d.{'vdam' if is_gradient else 'em'}",
            alias=f"Live_class2d_batch{index + 1}",
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


def _write_classes(folder: Path, name: str, found: Classes2D, names: Mapping[str, str]) -> None:
    """Write RELION's files of a classification so that they name each other as files of this job."""
    _copy(folder / found.particles.star.name, found.particles.star, names)
    sampling = found.optimiser.with_name(found.optimiser.name.replace("optimiser", "sampling"))
    for star in (found.model, found.optimiser, sampling):
        if star.exists():
            grow(folder / star.name, "", {star: partial(_moved, star, name)})
    link(folder / found.averages.name, found.averages)


def _selected(  # noqa: PLR0913, PLR0917 - a job and the one before it
    project: Path, batch: ProcessedBatch, index: int, folder: str, before: str, names: Mapping[str, str]
) -> Outcome:
    selected, classes = batch.selected, batch.classes
    given = f"{before}/{classes.optimiser.name}" if classes else ""
    if selected:
        _copy(project / folder / "particles.star", selected.particles.star, names)
        link(project / folder / "class_averages.mrcs", selected.averages)
        write_text(project / folder / "class_averages.star", table("", _averages(selected, folder)))
    job = Job(
        folder=folder,
        type="relion.select.class2dauto",
        alias=f"Live_selected_batch{index + 1}",
        inputs=(given,),
        outputs=(
            ("particles.star", _PARTICLES),
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


def _copy(star: Path, source: Path, names: Mapping[str, str]) -> None:
    grow(star, "", {source: partial(_renamed, source, names)})


def _renamed(source: Path, names: Mapping[str, str]) -> str:
    return renamed(source.read_text(), names)


def _moved(source: Path, folder: str) -> str:
    return moved(source.read_text(), folder)
