"""Simulated movies that the real Murfey has processed until their density is refined, by the real steps and RELION."""

import shutil
from pathlib import Path

import pytest
from murfey.at_gateway import gateway
from murfey.real_murfey import SingleParticles, needs_murfey
from murfey.real_sessions import given_up, is_content, until
from murfey.rig import Rig
from prefect.testing.utilities import prefect_test_harness
from relion_runs import needs_relion

from flows import spa_bfactor, spa_class2d, spa_class3d, spa_preprocess, spa_refine
from flows.demo_spa import MOVIES, simulated
from flows.spa import SingleParticle
from flows.spa_sessions import SpaSession
from tasks.ledger import found
from tasks.models.resolution import PostProcessed

pytestmark = [pytest.mark.slow, pytest.mark.prefect, needs_murfey, needs_relion]

SESSION = "cm12345-1-raw7"
PARTS = 150
"""Particles in the smallest part that Murfey asks for."""
# The numbers of classes and iterations are those of Murfey's requests.
SMALL = {
    "nr_picks_before_diameter": 50,
    "batch_size_2d": 200,
    "nr_classes_2d": 4,
    "nr_iter_2d": 6,
    "nr_iter_ini_model": 20,
    "nr_iter_3d": 4,
    "nr_classes_3d": 1,
    "bfactor_min_particles": PARTS,
}
RULES = {"incomplete_batch_size": 100, "fewest_for_3d": 100, "quiet_after": 20, "worth_refining": 60}
WORK = {
    "movie": spa_preprocess.found,
    "particle_batch": spa_class2d.classes,
    "classification_3d": spa_class3d.densities,
    "refinement": spa_refine.density,
    "b_factor": spa_bfactor.b_factor,
}


@pytest.fixture(scope="module", autouse=True)
def prefect_server():
    with prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.fixture(scope="module")
def spa(tmp_path_factory) -> SingleParticle:
    """10 simulated movies, and tools for them that take minutes."""
    folder = tmp_path_factory.mktemp("simulated")
    MOVIES.model_copy(update={"count": 10}).simulate(folder / "data")
    return simulated(folder)


@pytest.fixture
def parameters(spa: SingleParticle) -> dict[str, object]:
    chosen = {name: value for name, value in spa.model_dump(mode="json").items() if name in SpaSession.model_fields}
    return {"spa": {**chosen, **RULES}}


@pytest.fixture
def small() -> dict[str, int]:
    return SMALL


def test_movies_become_a_refined_density(rig: Rig, spa, settings, queues, murfey):
    acquisition = spa.source.acquisition
    told = SingleParticles(murfey)
    told.begin(
        pixel_size=acquisition.pixel_size,
        dose_per_frame=acquisition.dose_per_frame,
        gain_ref=str(acquisition.gain.path) if acquisition.gain else None,
    )
    names = [touched(movie, murfey.visit / "raw7") for movie in sorted(spa.source.folder.iterdir())]
    rig.work |= WORK
    with gateway(settings):
        until(rig, queues, lambda: len(murfey.rows("sparelionparameters")) == 1)
        for name in names:
            told.movie(name)
        until(rig, queues, lambda: rig.done["b_factor"] > 0, seconds=3000)

    is_content(murfey, queues)
    assert given_up(rig) == set()
    assert all(movie["preprocessed"] for movie in murfey.rows("movie"))
    resolutions = [
        PostProcessed.model_validate(result.result).map.resolution
        for step in ("post_processing", f"post_processing_{PARTS}")
        for _, result in found(rig.ledger, SESSION, step)
    ]
    assert len(resolutions) >= 2
    assert all(resolution is not None and resolution < 40 for resolution in resolutions)


def touched(movie: Path, folder: Path) -> str:
    """Put a movie where the microscope would, under a name of EPU's."""
    name = f"FoilHole_{movie.stem}_fractions{movie.suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(movie, folder / name)
    return name
