"""Do a session again with other parameters: only what depends on the change is computed again."""

from collections.abc import Sequence

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.events import remind
from flows.ledgers import the_ledger
from flows.parameters import merged
from flows.session_kinds import parameters_of
from flows.spa_live import followed
from flows.spa_rules import kinds_of_particles
from tasks.ledger import Ledger, Selection, Session, find_session, requeue, set_parameters, waiting

STEPS = {
    "motion_correction": "motion_corrector",
    "ctf_estimation": "ctf_estimator",
    "tilt_series_alignment": "aligner",
    "tomogram_reconstruction": "reconstructor",
    "denoising": "denoiser",
    "segmentation": "segmenter",
    "tomogram_picking": "picker",
    "ice_thickness": "ice_estimator",
    "particle_picking": "picker",
    "particle_extraction": "extractor",
    "classification_2d": "classifier_2d",
    "class_selection": "selector",
    "initial_model": "model_finder",
    "classification_3d": "classifier_3d",
    "refinement": "refiner",
    "post_processing": "post_processor",
    "b_factor": "b_factor_fitter",
}
"""The parameter that chooses the tool of a step: a user may name either."""
LATE = {"aligner", "reconstructor", "denoiser", "segmenter", "picker"}
"""Parameters that matter to whole tilt series only."""


@flow(name="rerun", flow_run_name="rerun of {session}")
def rerun_session(session: str, changes: list[str]) -> int:
    """Change parameters of a session, each as KEY=VALUE, and do again what depends on them; return the items.

    Without changes everything is looked at once more: what was lost, or whose input has changed, is computed again.
    """
    ledger = the_ledger()
    again = rerun(ledger, session, changes, f"flow run {flow_run.id}")
    get_run_logger().info("%d items of %s wait again", again, session)
    tell(ledger, session)
    return again


def rerun(ledger: Ledger, name: str, changes: Sequence[str], who: str) -> int:
    """Change the parameters of a session and let the items that they matter to wait again; return their number.

    Raises InputError for a parameter that the session's flow does not know; then nothing has changed.
    """
    settings = [by_tool(change) for change in changes]
    session = find_session(ledger, name)
    changed = session.model_copy(update={"parameters": merged(dict(session.parameters), settings)})
    parameters_of(changed)
    set_parameters(ledger, changed)
    chosen = Selection(session=name, states=("running", "done", "quarantined"), kinds=kinds(session, settings))
    again = requeue(ledger, chosen, who)
    return again + (len(followed(ledger, name)) if session.kind == "spa" else 0)


def by_tool(change: str) -> str:
    """Return a change by the name of the tool's parameter, where it names the step: ctf_estimation.box_size=512."""
    first, dot, rest = change.partition(".")
    return f"{STEPS.get(first, first)}{dot}{rest}"


def kinds(session: Session, settings: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds of items that changes matter to."""
    names = {setting.split(".")[0].split("=")[0] for setting in settings}
    if session.kind == "spa":
        return kinds_of_particles(names)
    return ("tilt_series",) if names and names <= LATE else ("tilt_movie", "tilt_series")


def tell(ledger: Ledger, session: str) -> None:
    """Emit events for what waits in a session, so that runs are started."""
    for found in waiting(ledger):
        if found.session == session:
            remind(found)
