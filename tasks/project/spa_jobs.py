"""The jobs of a single-particle project up to the extraction, under the numbers that they have in every session."""

from collections.abc import Sequence

from tasks.formats.star_text import Value
from tasks.project.found import ProcessedMovie
from tasks.project.job import Job, Outcome
from tasks.project.movie_rows import CTF, IMPORT, MOTION, PICK
from tasks.project.particle_files import EXTRACT
from tasks.project.settings import extraction_options, motion_options, optics_options, picking_options

_MICROGRAPHS = "MicrographGroupMetadata.star.relion"
_COORDINATES = "MicrographCoordsGroup.star.relion.autopick"
STAGES = {
    "import": Job(
        folder=IMPORT,
        type="relion.import.movies",
        alias="Live_import",
        outputs=(("movies.star", "MicrographMovieGroupMetadata.star.relion"),),
    ),
    "motion": Job(
        folder=MOTION,
        type="relion.motioncorr.own",
        alias="Live_motioncorr",
        inputs=(f"{IMPORT}/movies.star",),
        outputs=(("corrected_micrographs.star", f"{_MICROGRAPHS}.motioncorr"),),
    ),
    "ctf": Job(
        folder=CTF,
        type="relion.ctffind.ctffind4",
        alias="Live_ctffind",
        inputs=(f"{MOTION}/corrected_micrographs.star",),
        outputs=(("micrographs_ctf.star", f"{_MICROGRAPHS}.ctf"),),
    ),
    "picks": Job(
        folder=PICK,
        type="relion.autopick.log",
        alias="Live_autopick",
        inputs=(f"{CTF}/micrographs_ctf.star",),
        # RELION 3.1 knows the second form only.
        outputs=(("autopick.star", _COORDINATES), ("coords_suffix_autopick.star", _COORDINATES)),
    ),
    "particles": Job(
        folder=EXTRACT,
        type="relion.extract",
        alias="Live_all_particles",
        inputs=(f"{CTF}/micrographs_ctf.star", f"{PICK}/autopick.star"),
        outputs=(("particles.star", "ParticleGroupMetadata.star.relion"),),
    ),
}


def outcomes(movies: Sequence[ProcessedMovie]) -> list[Outcome]:
    """Return the jobs that have begun."""
    found = [_outcome(stage, movies) for stage in STAGES] if movies else []
    return [outcome for outcome in found if outcome.done or outcome.failures]


def _outcome(stage: str, movies: Sequence[ProcessedMovie]) -> Outcome:
    done = movies if stage == "import" else [movie for movie in movies if getattr(movie, stage) is not None]
    failures = [
        f"{movie.movie.path}: {movie.failure}" for movie in movies if movie.failure and _stopped(movie) == stage
    ]
    programs = set() if stage == "import" else {getattr(movie, stage).program for movie in done}
    return Outcome(
        job=STAGES[stage],
        done=len(done),
        failures=tuple(failures),
        notes=(_left_out(done),) if stage == "particles" and done else (),
        options=_options(stage, (done or movies)[0]),
        programs=tuple(sorted(programs)),
    )


def _stopped(movie: ProcessedMovie) -> str | None:
    return next((stage for stage in list(STAGES)[1:] if getattr(movie, stage) is None), None)


def _left_out(done: Sequence[ProcessedMovie]) -> str:
    particles = [movie.particles for movie in done if movie.particles]
    count, left_out = sum(found.count for found in particles), sum(found.left_out for found in particles)
    return f"{count} particles; {left_out} left out, whose box would reach beyond the micrograph"


def _options(stage: str, found: ProcessedMovie) -> dict[str, Value]:
    """Return the settings of a job as those of one movie, which stands for all of the session."""
    acquisition, job = found.movie.acquisition, STAGES[stage]
    if stage == "import":
        return optics_options(acquisition, acquisition.pixel_size) | {
            "fn_in_raw": f"{IMPORT}/Movies/*/*",
            "do_raw": "Yes",
        }
    if stage == "motion":
        size = found.motion.micrograph.pixel_size if found.motion else acquisition.pixel_size
        return motion_options(job.inputs[0], acquisition, size / acquisition.pixel_size)
    if stage == "ctf":
        return {"input_star_mics": job.inputs[0]}
    if stage == "picks":
        return picking_options(job.inputs[0], found.picks)
    return extraction_options(job.inputs, found.particles)
