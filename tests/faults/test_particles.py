"""A session of single particles, fed by the watcher, from movies to a density while a worker is killed."""

import json
import shutil

import pytest
from faults.facility import SESSION, Facility
from relion_runs import needs_relion

from flows.demo_spa import simulated
from flows.programs import program
from flows.spa_sessions import SpaSession
from tasks.ledger import all_sessions, found, quarantined, status
from tasks.models.resolution import PostProcessed

pytestmark = [pytest.mark.prefect, pytest.mark.slow, needs_relion]

RULES = {
    "picks_for_diameter": 50,
    "incomplete_batch_size": 200,
    "fewest_for_3d": 100,
    "quiet_after": 120,
}
KINDS = ("movie", "extraction", "particle_batch", "classification_3d", "refinement", "b_factor")


def test_movies_become_a_density_though_a_worker_dies(facility, tmp_path, healing):
    site: Facility = facility()
    spa = simulated(tmp_path / "microscope")
    watch(site, parameters(spa))
    site.start_worker()
    movies = sorted(spa.source.folder.iterdir())
    for movie in movies[: len(movies) // 2]:
        shutil.copy(movie, site.raw)
    site.until(lambda: done(site, "extraction"), seconds=1200)
    # Whatever it was at is done by another.
    kill_worker_and_runs(site)
    site.start_worker()
    for movie in movies[len(movies) // 2 :]:
        shutil.copy(movie, site.raw)
    with healing("worker and runs of single particles"):
        site.until(lambda: done(site, "movie") == len(movies), seconds=1200)
    site.until(lambda: done(site, "b_factor"), seconds=2400)

    assert quarantined(site.ledger, SESSION) == []
    for kind in KINDS:
        assert done(site, kind), kind
    ((_, sharpened),) = found(site.ledger, SESSION, "post_processing")
    resolution = PostProcessed.model_validate(sharpened.result).map.resolution
    assert resolution is not None
    assert resolution < 30
    assert list(site.results.rglob(".*.part")) == []
    assert site.stop() == []


def parameters(spa) -> dict[str, object]:
    """Return the parameters of a whole run as those of a session."""
    chosen = {name: value for name, value in spa.model_dump(mode="json").items() if name in SpaSession.model_fields}
    return {**chosen, **RULES, "acquisition": spa.source.acquisition.model_dump(mode="json")}


def watch(site: Facility, given: dict[str, object]) -> None:
    command = [program("cryoem-flows"), "watch", site.raw, "--session", SESSION, "--kind", "spa"]
    command += ["--project", site.results, "--interval", "0.5", "--settling", "0.5"]
    for name, value in given.items():
        command += ["--set", f"{name}={json.dumps(value)}"]
    site.start("watcher", command)


def kill_worker_and_runs(site: Facility) -> None:
    runs = list(site.runs().values())
    site.kill("worker")
    for run in runs:
        run.kill()


def done(site: Facility, kind: str) -> int:
    if SESSION not in {session.name for session in all_sessions(site.ledger)}:
        return 0
    return sum(each.done for each in status(site.ledger, SESSION).kinds if each.kind == kind)
