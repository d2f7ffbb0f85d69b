"""The demonstration of single particles: simulated movies of a known density become a density again."""

from functools import partial
from pathlib import Path
from typing import Any

import typer

from flows.averaging_programs import missing_programs
from flows.demonstration import Demonstration
from flows.spa import SingleParticle
from flows.spa_sources import MovieFolder
from tasks.classification_2d import RelionClassification2D
from tasks.classification_3d import RelionClassification3D
from tasks.ctf_estimation import EmbeddedCtf
from tasks.formats.mrc import read_volume
from tasks.images import save_picture
from tasks.images.curves import Points, picture_curves
from tasks.initial_model import RelionInitialModel
from tasks.models.resolution import Mirrored, PostProcessed
from tasks.motion_correction import EmbeddedMotion
from tasks.particle_extraction import EmbeddedExtraction
from tasks.particle_picking import EmbeddedPicking
from tasks.refinement import RelionRefinement
from tasks.relion.computing import Computing
from tasks.reuse import Record
from tasks.simulation import MoviesTruth, SimulatedMovies
from tasks.simulation.comparison import Agreement, agreement, true_density
from tasks.symmetry_search import GivenSymmetry

MOVIES = SimulatedMovies(
    name="demo",
    count=20,
    shape=(512, 512),
    pixel_size=3.0,
    frames=8,
    dose_per_frame=5.0,
    ice_thickness=300,
    envelope=30,
    hot_pixels=5,
    dead_pixels=2,
)
DEPLOYMENT = "spa/spa"
_TWO = Computing(threads=2, pool=10)
_BINNED = 40
"""Side of the images of particles in pixels."""


def simulated(folder: Path) -> SingleParticle:
    """Simulate the movies, unless they are there, and say how to process them."""
    truth = folder / "data" / "truth.json"
    if not truth.exists():
        typer.echo(f"Simulating {MOVIES.count} movies of single particles ...")
        MOVIES.simulate(truth.parent)
    movies = [each.movie for each in MoviesTruth.read(truth).movies if each.movie]
    source = MovieFolder(folder=truth.parent / "frames", acquisition=movies[0].acquisition)
    spa = SingleParticle(name=MOVIES.name, source=source, folder=folder / "results", **_small(), **quick())
    if missing := missing_programs(spa):
        typer.echo(f"{', '.join(missing)} not found: the run will end when particles are extracted")
    return spa


def quick() -> dict[str, Any]:
    """Return tools that take minutes on a laptop: few and small images, coarse angles, few classes and iterations."""
    near = {"offset_range": 2, "offset_step": 2, "most_poses": 200}
    return {
        "classifier_2d": RelionClassification2D(classes=8, iterations=12, offset_range=3, computing=_TWO),
        "model_finder": RelionInitialModel(
            iterations=40,
            healpix_order=0,
            initial_resolution=60,
            final_resolution=45,
            initial_subset=60,
            final_subset=120,
            computing=_TWO,
            **near,
        ),
        # Known of the simulated particle, and few particles hardly tell it.
        "symmetry_search": GivenSymmetry(),
        # All simulated particles are alike: more classes would only part them.
        "classifier_3d": RelionClassification3D(
            classes=1, iterations=8, healpix_order=1, initial_lowpass=50, computing=_TWO, **near
        ),
        "refiner": RelionRefinement(
            healpix_order=1,
            local_healpix_order=3,
            initial_lowpass=30,
            ignore_angles=True,
            resolution_angles=True,
            computing=Computing(processes=3, pool=10),
            **near,
        ),
        "smallest_subset": 120,
    }


def _small() -> dict[str, Any]:
    """Return tools for micrographs of coarse pixels."""
    return {
        "motion_corrector": EmbeddedMotion(patches=(3, 3), resolution=7, unweighted=False, halves=False),
        "ctf_estimator": EmbeddedCtf(resolution_range=(30, 7)),
        "picker": EmbeddedPicking(diameter_range=(120, 220)),
        "extractor": EmbeddedExtraction(binned_size=_BINNED),
    }


def demonstration(spa: SingleParticle) -> Demonstration:
    """Say how to run a session by its deployment; a run for the other hand follows if the first one is wrong."""
    return Demonstration(DEPLOYMENT, {"spa": spa}, spa.folder, partial(results, spa), partial(_other_hand, spa))


def results(spa: SingleParticle) -> dict[str, object]:
    """Compare the density with the true one, and return what a person wants to open."""
    found, beside, picture = sharpened(spa), compared(spa), _picture(spa)
    curves: dict[str, Points] = {
        "with the truth": beside.fsc,
        "of the halves, within the mask": [(shell.resolution, shell.corrected) for shell in found.fsc],
    }
    levels = {"0.143": 0.143, "0.5": 0.5}
    save_picture(picture, picture_curves("Fourier shell correlation of the demonstration", curves, levels))
    return {
        "class averages": spa.folder / "pictures" / f"{spa.name}_classes_1.png",
        "density": found.map.path,
        "its surface": spa.folder / "pictures" / f"{spa.name}_density.png",
        "resolution": f"{found.map.resolution:.1f} angstrom (FSC of the halves 0.143)",
        "beside the truth": f"{beside.resolution:.1f} angstrom (FSC 0.5): {picture}",
        "hand": f"{'right' if beside.is_right_hand else 'wrong'} (correlation {beside.correlation:.3f}, "
        f"of the mirror image {beside.mirrored_correlation:.3f})",
    }


def sharpened(spa: SingleParticle) -> PostProcessed:
    """Return the density that was found, in the hand that was asked for."""
    if spa.hand == "mirrored":
        mirrored = (spa.folder / "mirrored" / "mirrored.json").read_text()
        return Record[Mirrored].model_validate_json(mirrored).result.sharpened
    found = (spa.folder / "post_processing" / "post_processed.json").read_text()
    return Record[PostProcessed].model_validate_json(found).result


def compared(spa: SingleParticle) -> Agreement:
    """Lay the true density over the one that was found."""
    found = sharpened(spa)
    density = found.map
    truth = true_density(MOVIES, MOVIES.kilodalton, density.box_size, density.pixel_size)
    return agreement(read_volume(density.path), truth, density.pixel_size, read_volume(found.mask))


def _other_hand(spa: SingleParticle) -> Demonstration | None:
    """Return the run that mirrors the density, if that has to be done."""
    if spa.hand == "mirrored" or compared(spa).is_right_hand:
        return None
    typer.echo("\nImages do not tell the hand, and this one is wrong. Once more with hand=mirrored:")
    return demonstration(spa.model_copy(update={"hand": "mirrored"}))


def _picture(spa: SingleParticle) -> Path:
    return spa.folder / "pictures" / f"{spa.name}_truth.png"
