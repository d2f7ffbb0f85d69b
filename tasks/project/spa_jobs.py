"""The jobs of a single-particle project up to the extraction, under the numbers that they have in every session."""

from tasks.formats.star_text import Value
from tasks.project.draft import Draft
from tasks.project.found import ProcessedMovie
from tasks.project.job import Job, Outcome
from tasks.project.movie_rows import CTF, FITTED, IMAGES, IMPORT, MOTION, MOVED, MOVIES, PICK, PICKED
from tasks.project.particle_files import EXTRACT
from tasks.project.settings import extraction_options, motion_options, optics_options, picking_options

_MICROGRAPHS = "MicrographGroupMetadata.star.relion"
_COORDINATES = "MicrographCoordsGroup.star.relion.autopick"
_MOVIES = ("movies.star", "MicrographMovieGroupMetadata.star.relion")
_IMAGES = ("micrographs.star", _MICROGRAPHS)
STAGES = {
    "import": Job(folder=IMPORT, type="relion.import.movies", alias="Live_import", outputs=(_MOVIES,)),
    "images": Job(folder=IMPORT, type="relion.import.movies", alias="Live_import", outputs=(_IMAGES,)),
    "motion": Job(
        folder=MOTION,
        type="relion.motioncorr.own",
        alias="Live_motioncorr",
        inputs=(MOVIES,),
        outputs=(("corrected_micrographs.star", f"{_MICROGRAPHS}.motioncorr"),),
    ),
    "ctf": Job(
        folder=CTF,
        type="relion.ctffind.ctffind4",
        alias="Live_ctffind",
        inputs=(MOVED,),
        outputs=(("micrographs_ctf.star", f"{_MICROGRAPHS}.ctf"),),
    ),
    "picks": Job(
        folder=PICK,
        type="relion.autopick.log",
        alias="Live_autopick",
        inputs=(FITTED,),
        # RELION 3.1 knows the second form only.
        outputs=(("autopick.star", _COORDINATES), ("coords_suffix_autopick.star", _COORDINATES)),
    ),
    "particles": Job(
        folder=EXTRACT,
        type="relion.extract",
        alias="Live_all_particles",
        inputs=(FITTED, PICKED),
        outputs=(("particles.star", "ParticleGroupMetadata.star.relion"),),
    ),
}


def outcomes(draft: Draft) -> list[Outcome]:
    """Return the jobs that have begun."""
    found = [_imported(draft), *(_outcome(draft, stage) for stage in list(STAGES)[2:])]
    return [outcome for outcome in found if outcome.done or outcome.failures]


def _imported(draft: Draft) -> Outcome:
    """Return the import of movies, or of images that were summed already, or of both."""
    kinds = [stage for stage in ("import", "images") if draft.passed(stage)] or ["import"]
    outputs = tuple(output for kind in kinds for output in STAGES[kind].outputs)
    job = STAGES["import"].model_copy(update={"outputs": outputs})
    done = sum(map(draft.passed, kinds))
    failures = draft.stopped("import")
    return Outcome(job=job, done=done, failures=failures, options=draft.options.get(kinds[0], {}))


def _outcome(draft: Draft, stage: str) -> Outcome:
    done = draft.passed(stage)
    given = {MOVED: IMAGES} if not draft.passed("motion") else {}
    job = STAGES[stage]
    return Outcome(
        job=job.model_copy(update={"inputs": tuple(given.get(name, name) for name in job.inputs)}),
        done=done,
        failures=draft.stopped(stage),
        notes=(_left_out(draft),) if stage == "particles" and done else (),
        options=draft.options.get(stage, {}),
        programs=draft.programs(stage),
    )


def _left_out(draft: Draft) -> str:
    counts = [entry.counts for entry in draft.entries.values() if entry.counts]
    count, left_out = (sum(numbers) for numbers in zip(*counts, strict=True))
    return f"{count} particles; {left_out} left out, whose box would reach beyond the micrograph"


def stage_options(stage: str, found: ProcessedMovie) -> dict[str, Value]:
    """Return the settings of a job as those of one movie, which stands for all of the session."""
    acquisition, given = found.movie.acquisition, STAGES[stage].inputs
    if stage in {"import", "images"}:
        kind: dict[str, Value] = {"is_multiframe": "Yes" if stage == "import" else "No"}
        optics = optics_options(acquisition, acquisition.pixel_size)
        return optics | kind | {"fn_in_raw": f"{IMPORT}/Movies/*/*", "do_raw": "Yes"}
    if stage == "motion":
        size = found.motion.micrograph.pixel_size if found.motion else acquisition.pixel_size
        return motion_options(given[0], acquisition, size / acquisition.pixel_size)
    if stage == "ctf":
        return {"input_star_mics": IMAGES if found.summed else given[0]}
    if stage == "picks":
        return picking_options(given[0], found.picks)
    return extraction_options(given, found.particles)
