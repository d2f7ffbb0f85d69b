"""The jobs of a tomography project, under the numbers that they have in every session."""

from collections.abc import Iterable

from tasks.formats.star_text import Value
from tasks.models import Ctf, Exclusion, Motion, Movie
from tasks.project.draft import Draft
from tasks.project.found import ProcessedTiltSeries
from tasks.project.job import Job, Outcome
from tasks.project.settings import alignment_options, motion_options, optics_options, reconstruction_options
from tasks.project.tilt_rows import CTF, IMPORT, MOTION
from tasks.project.tilt_stages import STAGES

_NODE = "TomogramGroupMetadata.star.relion.tomo."
_JOBS = (
    (IMPORT, "relion.importtomo", "Live_import", "tilt_series.star", "import"),
    (MOTION, "relion.motioncorr.own", "Live_motioncorr", "corrected_tilt_series.star", "motioncorr"),
    (CTF, "relion.ctffind.ctffind4", "Live_ctffind", "tilt_series_ctf.star", "ctffind"),
    ("ExcludeTiltImages/job004", "relion.excludetilts", "Live_exclude", "selected_tilt_series.star", "excludeimages"),
    ("AlignTiltSeries/job005", "relion.aligntiltseries", "Live_align", "aligned_tilt_series.star", "aligntiltseries"),
    ("Tomograms/job006", "relion.reconstructtomograms", "Live_tomograms", "tomograms.star", "reconstruct"),
    ("Denoise/job007", "relion.denoisetomo", "Live_denoise", "tomograms.star", "denoise"),
)
JOBS = {
    stage: Job(folder=folder, type=kind, alias=alias, outputs=((output, _NODE + node),), is_tomography=True)
    for stage, (folder, kind, alias, output, node) in zip(STAGES, _JOBS, strict=True)
}
LAST_NUMBER = 9
"""Numbers 8 and 9 are kept for segmentation and picking; the first job of a user is number 10."""


def outcomes(draft: Draft) -> list[Outcome]:
    """Return the jobs that have begun, each reading what the one before it has made."""
    begun: list[Outcome] = []
    for stage in STAGES:
        done, failures = draft.passed(stage), draft.stopped(stage)
        if done or failures:
            given = begun[-1].job.output if begun else ""
            job = JOBS[stage].model_copy(update={"inputs": (given,) if given else ()})
            begun.append(
                Outcome(
                    job=job,
                    done=done,
                    failures=failures,
                    # Where RELION chooses tilts.
                    notes=tuple(note for entry in draft.entries.values() for note in entry.notes)
                    if stage == "exclude"
                    else (),
                    options=draft.options.get(stage, {}),
                    programs=draft.programs(stage),
                )
            )
    return begun


def left_out(found: ProcessedTiltSeries) -> list[str]:
    """Return the tilts that are not used, and why."""
    lines = [f"{found.series.name}/{left.name} left out: {left.reason}" for left in _excluded(found)]
    return list(dict.fromkeys(lines))


def _excluded(found: ProcessedTiltSeries) -> list[Exclusion]:
    aligned = found.alignment.tilts if found.alignment else ()
    unfitted = [tilt.name for tilt in aligned if found.ctfs and tilt.name not in found.ctfs]
    return [
        *found.series.excluded,
        *(found.alignment.excluded if found.alignment else ()),
        *(Exclusion(name=name, reason="no CTF, which RELION needs of every tilt") for name in unfitted),
    ]


def programs_of(stage: str, found: ProcessedTiltSeries) -> tuple[str, ...]:
    """Return the programs that did the work of a stage."""
    by_tilt: dict[str, Iterable[Motion | Ctf]] = {"motion": found.motions.values(), "ctf": found.ctfs.values()}
    whole = {"align": found.alignment, "tomograms": found.tomogram, "denoise": found.denoised}.get(stage)
    programs = [whole.program] if whole else [result.program for result in by_tilt.get(stage, ())]
    return tuple(sorted(set(programs)))


def stage_options(stage: str, found: ProcessedTiltSeries, given: str) -> dict[str, Value]:
    """Return the settings of a job as those of one series, which stands for all of the session."""
    first = found.series.tilts[0].source
    if stage == "import":
        dose = _dose(found)
        axis = found.series.tilt_axis_angle
        return {**optics_options(found.series.optics, pixel_size(found)), "tilt_axis_angle": axis, "dose_rate": dose}
    if stage == "motion" and isinstance(first, Movie):
        return motion_options(given, first.acquisition, image_pixel_size(found) / first.acquisition.pixel_size)
    if stage == "ctf":
        return {"input_star_mics": given}
    if stage in {"exclude", "align"}:
        return {"in_tiltseries": given, **(alignment_options(found.alignment) if stage == "align" else {})}
    if stage == "tomograms":
        return {"in_tiltseries": given, **reconstruction_options(found.tomogram, image_pixel_size(found))}
    return {"in_tomoset": given}


def _dose(found: ProcessedTiltSeries) -> float:
    """Return the dose of a tilt."""
    doses = sorted(tilt.pre_exposure for tilt in found.series.tilts)
    return (doses[-1] - doses[0]) / (len(doses) - 1) if len(doses) > 1 else 0.0


def pixel_size(found: ProcessedTiltSeries) -> float:
    """Return the pixel size of what was recorded."""
    first = found.series.tilts[0].source
    return first.acquisition.pixel_size if isinstance(first, Movie) else first.pixel_size


def image_pixel_size(found: ProcessedTiltSeries) -> float:
    """Return the pixel size of the images of the tilts."""
    for motion in found.motions.values():
        return motion.micrograph.pixel_size
    return pixel_size(found)
