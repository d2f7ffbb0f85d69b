"""What Murfey is told when an item is done or given up.

| item              | is done                                                     | is given up                      |
|-------------------|-------------------------------------------------------------|----------------------------------|
| tilt_movie        | motion_corrected                                            | motion_corrected: without it the |
|                   |                                                             | series would never be aligned    |
| movie             | picked_particles                                            | nothing waits for it             |
| particle_file 2d/ | complete_particles_file; incomplete_... of the first batch  | nothing waits for it             |
| particle_file 3d/ | run_class3d                                                 | nothing waits for it             |
| particle_batch    | not full: done_incomplete_2d_batch                          | the same                         |
|                   | full, score 0: save_class_selection_score                   | done_incomplete_2d_batch         |
|                   | full, with a score: done_class_selection                    | the same                         |
| classification_3d | save_initial_model if it was to be made; done_3d_batch      | the same, without a refinement   |
| refinement        | done_refinement                                             | the same, of no resolution       |
| b_factor          | done_bfactor for each number of particles                   | the same, of no resolution       |

Extractions and alignments are not answered. Each answer but those of files of particles belongs to one request, and
says what it answers by the request's key and number.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from flows.murfey.density_answers import b_factors, densities, refinements
from flows.murfey.naming import file_for_density, file_of_batch
from flows.murfey.plan import BATCHES, DENSITIES, FILE
from flows.murfey.settled import Settled
from flows.spa_batches import micrographs
from flows.spa_plan import B_FACTOR, BATCH, CLASSES_3D, MOVIE, REFINEMENT
from tasks.models import Ctf, Picks
from tasks.models.classes import SelectedParticles
from tasks.murfey import Request, SpaClass2D, SpaExtract, SpaPreprocess, TomoPreprocess
from tasks.murfey.feedback import (
    Class2DMessage,
    Class3DMessage,
    CompleteParticlesFile,
    CtfValues,
    DoneClassSelection,
    DoneIncomplete2DBatch,
    ExtractionParameters,
    Feedback,
    IncompleteParticlesFile,
    MotionCorrected,
    PickedParticles,
    RunClass3D,
    SaveClassSelectionScore,
)
from tasks.particle_extraction.naming import name_of

_SETTLED = {"done", "quarantined"}
_FIRST = "1"
TILT_MOVIE = "tilt_movie"


class Answer(NamedTuple):
    """Something that Murfey is told, in a queue."""

    queue: str
    feedback: Feedback


Answers = Iterator[tuple[Request, Feedback]]


def answers_of(item: Settled) -> list[Answer]:
    """Return what Murfey is told of an item, in order; nothing while it is not settled, or if nobody listens."""
    answer = _ANSWERS.get(item.kind)
    if answer is None or item.state not in _SETTLED:
        return []
    return [Answer(request.feedback_queue, said) for request, said in answer(item) if request.feedback_queue]


def _tilt_movies(item: Settled) -> Answers:
    for request, occasion in item.awaited(TomoPreprocess):
        yield (
            request,
            MotionCorrected(
                program_id=request.autoproc_program_id,
                movie=request.movie_as_written,
                mrc_out=request.mrc_out,
                occasion=occasion,
            ),
        )


def _movies(item: Settled) -> Answers:
    ctf, picks = item.found(Ctf, "ctf_estimation"), item.found(Picks, "particle_picking")
    if not item.is_done or ctf is None or picks is None:
        return
    for number, (request, occasion) in enumerate(item.awaited(SpaPreprocess)):
        yield request, _picked(request, ctf, picks, occasion, again=number > 0)


def _picked(request: SpaPreprocess, ctf: Ctf, picks: Picks, occasion: str, *, again: bool) -> PickedParticles:
    """Tell of the particles of a micrograph; their diameters count once, however often it was asked for."""
    known = again or request.particle_diameter is not None
    particles = picks.coordinates.parent.parent / "particle_extraction"
    return PickedParticles(
        program_id=request.autoproc_program_id,
        session_id=request.session_id,
        motion_correction_id=request.mc_uuid,
        micrograph=request.mrc_out,
        extraction_parameters=ExtractionParameters(
            # The place that Murfey named, by which the request for the extraction is known again.
            micrographs_file=request.mrc_out,
            coord_list_file=picks.coordinates,
            extract_file=particles / f"{name_of(picks.micrograph)}_extract.star",
            ctf_values=CtfValues(
                ctf_image=ctf.diagnostic,
                max_resolution=ctf.resolution,
                figure_of_merit=ctf.figure_of_merit,
                defocus_u=ctf.defocus_u,
                defocus_v=ctf.defocus_v,
                defocus_angle=ctf.defocus_angle,
            ),
        ),
        particle_diameters=() if known else (picks.diameter,) * picks.count,
        particle_count=picks.count,
        resolution=ctf.resolution,
        astigmatism=abs(ctf.astigmatism),
        defocus=ctf.defocus,
        occasion=occasion,
    )


def _files(item: Settled) -> Answers:
    """Tell of a file of particles, once it is there; again only of the first batch, each time it has grown."""
    if not item.is_done or FILE not in item.results:
        return
    if item.key.startswith(DENSITIES):
        yield from _file_for_density(item)
    elif micrographs(item.payload):
        yield from _file_of_batch(item)


def _file_of_batch(item: Settled) -> Answers:
    number, size = item.key.removeprefix(BATCHES), item.payload["size"]
    for request, _ in item.awaited(SpaExtract):
        common = {
            "program_id": request.autoproc_program_id,
            "session_id": request.session_id,
            "class2d_message": Class2DMessage(
                particles_file=file_of_batch(item.folder, number),
                class2d_dir=item.folder / "Class2D" / "job",
                batch_size=size,
            ),
        }
        if item.payload["complete"]:
            yield request, CompleteParticlesFile(**common)
        elif number == _FIRST:
            yield request, IncompleteParticlesFile(**common, occasion=str(len(micrographs(item.payload))))


def _file_for_density(item: Settled) -> Answers:
    key, batches = item.key.removeprefix(DENSITIES), item.payload.get("batches")
    for request, _ in item.awaited(SpaClass2D):
        message = Class3DMessage(
            particles_file=file_for_density(item.folder, key),
            class3d_dir=item.folder / "Class3D" / "job",
            batch_size=key if key.isdigit() else item.payload["particles"],
        )
        yield (
            request,
            RunClass3D(
                program_id=request.autoproc_program_id,
                session_id=request.session_id,
                class3d_message=message,
                occasion="" if key.isdigit() else str(len(batches) if isinstance(batches, list) else 0),
            ),
        )


def _batches(item: Settled) -> Answers:
    selected = item.found(SelectedParticles, "class_selection")
    for request, occasion in item.awaited(SpaClass2D):
        common = {
            "program_id": request.autoproc_program_id,
            "session_id": request.session_id,
            "occasion": occasion,
        }
        if request.batch_is_complete and request.autoselect_min_score:
            yield request, DoneClassSelection(**common)
        elif request.batch_is_complete and item.is_done and selected:
            yield request, SaveClassSelectionScore(**common, class_selection_score=selected.threshold)
        else:
            # Also of the first full batch: with a score that is none all later ones would keep all classes.
            yield request, DoneIncomplete2DBatch(**common, job_dir=request.class2d_dir)


_ANSWERS: Mapping[str, Callable[[Settled], Answers]] = {
    TILT_MOVIE: _tilt_movies,
    MOVIE: _movies,
    FILE: _files,
    BATCH: _batches,
    CLASSES_3D: densities,
    REFINEMENT: refinements,
    B_FACTOR: b_factors,
}
