from pathlib import Path

import pytest
from prefect import flow
from relion_runs import needs_relion

from flows.averaging_tools import AveragingTools
from flows.demo_spa import quick
from flows.spa import SingleParticle, process_single_particles
from flows.spa_outcome import Outcome, averaged
from tasks.errors import CommandError
from tasks.formats.mrc import read_volume
from tasks.formats.star import read_table
from tasks.models import ParticleSet
from tasks.simulation.comparison import agreement
from tasks.simulation.particles import SimulatedParticles

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]


@pytest.fixture
def session(simulated_movies, tmp_path) -> dict:
    """Movies, one of them broken."""
    first = simulated_movies.movies[0].movie
    frames = tmp_path / "frames"
    frames.mkdir()
    for each in simulated_movies.movies:
        (frames / each.movie.path.name).symlink_to(each.movie.path)
    (frames / "broken.tiff").write_bytes(b"not a movie")
    return {
        "name": "test",
        "source": {"folder": frames, "acquisition": first.acquisition},
        "folder": tmp_path / "results",
        "picker": {"tool": "embedded", "diameter_range": (80, 120)},
        "ice_estimator": {"tool": "embedded", "area": 100},
        "extractor": {"tool": "embedded", "binned_size": 24},
    }


def written(folder: Path) -> dict[str, int]:
    """Return when each file of the results was written."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_without_relion_particles_are_extracted_and_it_says_what_is_missing(session, simulated_movies):
    spa = SingleParticle.model_validate(session | {"classifier_2d": {"executable": "relion_that_is_not_there"}})
    with pytest.raises(CommandError, match=r"relion_that_is_not_there was not found.*install RELION"):
        process_single_particles(spa)
    star = spa.folder / "particles" / "particles.star"
    particles = read_table(star, "particles")
    assert len(set(particles["rlnMicrographName"])) == len(simulated_movies.movies)
    projected = read_table(spa.folder / "project" / "Extract" / "job005" / "particles.star", "particles")
    assert len(projected) == len(particles)

    before = written(spa.folder)
    with pytest.raises(CommandError, match="nothing is done twice"):
        process_single_particles(spa)
    assert written(spa.folder) == before


@flow
def averaging(particles: ParticleSet, tools: AveragingTools, folder: Path) -> Outcome:
    return averaged("particles", particles, tools, folder)


@needs_relion
def test_where_all_classes_are_junk_it_ends_with_the_reason_and_the_class_averages(tmp_path):
    noise = SimulatedParticles(count=60, box_size=24, pixel_size=8, signal_to_noise=0.001, junk=0.9, seed=5)
    quickly = {"classes": 2, "iterations": 2, "psi_step": 45, "offset_range": 1}
    tools = {"classifier_2d": quickly, "selector": {"tool": "embedded", "threshold": 1.0}}
    particles = noise.simulate(tmp_path / "data").particles
    found = averaging(particles, AveragingTools.model_validate(tools), tmp_path / "results")
    assert "all 2 classes are junk" in found.ended
    assert (found.good, found.found, len(found.selected)) == (None, None, 1)
    assert (tmp_path / "results" / "pictures" / "particles_classes_1.png").exists()
    assert found.lines[-1].startswith("ended early: all 2 classes")


@needs_relion
@pytest.mark.slow
def test_particles_become_the_density_that_they_were_simulated_from(tmp_path):
    simulated = SimulatedParticles(
        count=300, box_size=32, pixel_size=6, kilodalton=440, signal_to_noise=0.4, displacement=3, seed=77
    )
    truth = simulated.simulate(tmp_path / "data")
    found = averaging(truth.particles, AveragingTools(**quick()), tmp_path / "results")
    assert found.ended == ""
    assert found.b_factor is not None
    density = found.found.sharpened
    beside = agreement(
        read_volume(density.map.path), read_volume(truth.density), density.map.pixel_size, read_volume(density.mask)
    )
    assert beside.resolution < 22
    assert max(beside.correlation, beside.mirrored_correlation) > 0.9

    before = written(tmp_path / "results")
    mirrored = averaging(truth.particles, AveragingTools(**quick(), hand="mirrored"), tmp_path / "results")
    changed = {
        Path(name).parent.name for name, time in written(tmp_path / "results").items() if before.get(name) != time
    }
    assert changed == {"mirrored", "pictures"}
    other = agreement(
        read_volume(mirrored.found.sharpened.map.path), read_volume(truth.density), density.map.pixel_size
    )
    assert other.is_right_hand is not beside.is_right_hand
