"""Stand-ins for the work on items: results with their files, made at once, in the words of the real steps.

What is told of results, and what follows from them, is the real thing; so is extraction, which is fast.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zlib import crc32

from project_sessions import ctf_of, image_of, map_of, picks_of, refined_of, run_of

from flows.murfey.plan import FILE
from flows.spa_batches import micrographs
from flows.spa_extract import particle_file, particles
from flows.spa_plan import B_FACTOR, BATCH, CLASSES_3D, EXTRACTION, MOVIE, REFINEMENT
from tasks.essence import digest_of
from tasks.ledger import Lease, Ledger, Result, find_session, results_of
from tasks.models import (
    Alignment,
    IceThickness,
    Model,
    Particles,
    ParticleSet,
    TiltAlignment,
    Tomogram,
)
from tasks.models.classes import ClassAverage, Classes2D, ClassScore, SelectedParticles
from tasks.models.maps import Class3D, Classes3D, FoundSymmetry, InitialModel, Refinement, SymmetryScore
from tasks.models.resolution import BFactorFit, PostProcessed, ResolutionPoint
from tasks.particle_extraction.joining import join_particles

PICKS = 5
"""Particles in each micrograph."""

Work = Callable[[Ledger, Lease], Iterator[Result]]


def as_result(step: str, found: Model) -> Result:
    """Return what a step found, as the real step would record it."""
    content = found.model_dump(mode="json")
    return Result(step=step, digest=digest_of({"found": content}), result=content, tool="stand-in")


def movie(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Find motion, CTF, ice and five particles in a movie."""
    folder, path = find_session(ledger, lease.session).folder / "movies", Path(lease.key)
    motion = image_of(folder / "motion_correction", path.stem, crc32(lease.key.encode()))
    yield as_result("motion_correction", motion)
    yield as_result("ctf_estimation", ctf_of(folder / "ctf_estimation", path.stem))
    yield as_result("ice_thickness", ICE)
    (folder / "particle_picking").mkdir(exist_ok=True)
    yield as_result("particle_picking", picks_of(folder / "particle_picking", motion, PICKS))


ICE = IceThickness(
    minimum=0.1,
    first_quartile=0.2,
    median=0.3,
    third_quartile=0.4,
    maximum=0.5,
    reference=10,
    brightest=10,
    program="ice 1.0",
)


def tilt_movie(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Find motion and CTF of a tilt."""
    folder, path = find_session(ledger, lease.session).folder / "movies", Path(lease.key)
    yield as_result("motion_correction", image_of(folder / "motion_correction", path.stem, crc32(lease.key.encode())))
    yield as_result("ctf_estimation", ctf_of(folder / "ctf_estimation", path.stem))


def batch(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Give the particles of a batch to two classes, and keep one with half of the particles."""
    members = micrographs(lease.payload)
    if not members:
        return
    known = results_of(ledger, lease.session, EXTRACTION, members)
    cut = [Particles.model_validate(known[name]["particle_extraction"].result) for name in members]
    folder = find_session(ledger, lease.session).folder / "particle_batches" / f"{lease.key}_{lease.attempt}"
    folder.mkdir(parents=True)
    together = join_particles(cut, folder / "particles.star")
    yield as_result("particles", together)
    yield as_result("classification_2d", classes_of(folder / "classification_2d", together))
    kept = join_particles(cut[::2], folder / "selected.star")
    scores = tuple(ClassScore(number=n, score=n / 2 - 0.1, selected=n == 2, reason="looks so") for n in (1, 2))
    averages = folder / "classification_2d" / "run_it020_classes.mrcs"
    chosen = SelectedParticles(particles=kept, averages=averages, scores=scores, threshold=0.5, program="judge 1.0")
    yield as_result("class_selection", chosen)


def classes_of(folder: Path, together: ParticleSet) -> Classes2D:
    classified = run_of(folder, together, "run_it020", ("run_it020_classes.mrcs",))
    return Classes2D(
        particles=classified,
        averages=folder / "run_it020_classes.mrcs",
        model=folder / "run_it020_model.star",
        optimiser=folder / "run_it020_optimiser.star",
        classes=tuple(
            ClassAverage(number=n, particles=together.count // 2, fraction=0.5, resolution=8.0 + n) for n in (1, 2)
        ),
        algorithm="em",
        program="relion 3.1",
    )


def classes_3d(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Find a first density, its symmetry and one 3D class of the good particles of some batches."""
    keys = [str(key) for key in lease.payload["batches"]]
    known = results_of(ledger, lease.session, BATCH, keys)
    good = [SelectedParticles.model_validate(known[key]["class_selection"].result).particles for key in keys]
    folder = find_session(ledger, lease.session).folder / "densities" / lease.key
    folder.mkdir(parents=True, exist_ok=True)
    together = join_particles(good, folder / "particles.star")
    yield as_result("particles", together)
    first = folder / "initial_model"
    run_of(first, together, "run_it200", ("run_it200_class001.mrc",))
    one = {"number": 1, "particles": together.count, "fraction": 1.0, "resolution": 12.0}
    density = map_of(first / "run_it200_class001.mrc")
    ours = {"best": 1, "program": "relion 3.1", "why": "the only one"}
    yield as_result("initial_model", InitialModel(map=density, classes=(Class3D(**one, map=density),), **ours))
    symmetry = FoundSymmetry(
        map=density, scores=(SymmetryScore(group="C1", agreement=1.0),), why="none", program="relion 3.1"
    )
    yield as_result("symmetry_search", symmetry)
    run = folder / "classification_3d"
    classified = run_of(run, together, "run_it025", ("run_it025_class001.mrc",))
    found = Classes3D(
        particles=classified,
        model=run / "run_it025_model.star",
        optimiser=run / "run_it025_optimiser.star",
        classes=(Class3D(**one, map=map_of(run / "run_it025_class001.mrc", resolution=12.0)),),
        **ours,
    )
    yield as_result("classification_3d", found)
    best = together.model_copy(update={"star": folder / "best_class.star"})
    best.star.write_text(together.star.read_text())
    yield as_result("best_class", best)


def refinement(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Refine a density to 7.1 angstrom."""
    known = results_of(ledger, lease.session, CLASSES_3D, [lease.key])[lease.key]
    best = ParticleSet.model_validate(known["best_class"].result)
    folder = find_session(ledger, lease.session).folder / "densities" / lease.key / f"attempt_{lease.attempt}"
    found, sharpened = refined_of(folder, best)
    yield as_result("refinement", in_c1(found))
    yield as_result("post_processing", in_c1(sharpened))


def in_c1(found: Refinement | PostProcessed) -> Refinement | PostProcessed:
    """Return a density without symmetry."""
    return found.model_copy(update={"map": found.map.model_copy(update={"symmetry": "C1"})})


def b_factor(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Fit a line through what smaller numbers of particles were refined to."""
    known = results_of(ledger, lease.session, REFINEMENT, [lease.key])[lease.key]
    whole = Refinement.model_validate(known["refinement"].result).particles
    folder = find_session(ledger, lease.session).folder / "densities" / lease.key / f"parts_{lease.attempt}"
    points = [ResolutionPoint(particles=whole.count, resolution=7.1)]
    asked = [size for size in lease.payload.get("sizes", []) if size < whole.count]
    for size in asked or (whole.count // 2, whole.count // 4):
        part = whole.model_copy(update={"count": size})
        found, sharpened = refined_of(folder / str(size), part)
        yield as_result(f"refinement_{size}", in_c1(found))
        yield as_result(f"post_processing_{size}", in_c1(sharpened))
        points.append(ResolutionPoint(particles=size, resolution=7.1 * whole.count / size))
    fit = BFactorFit(
        points=tuple(points), slope=0.01, intercept=0.001, b_factor=200, confidence=(150, 300), program="fit 1.0"
    )
    yield as_result("b_factor", fit)


def tilt_series(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Align the tilts of a series, and make a tomogram of them."""
    name, tilts = str(lease.payload["name"]), list(lease.payload["tilts"])
    folder = find_session(ledger, lease.session).folder / name / "tomogram_reconstruction"
    folder.mkdir(parents=True, exist_ok=True)
    aligned = [
        TiltAlignment(name=Path(tilt["path"]).stem, angle=tilt["angle"], axis_angle=85.0, displacement=(1.0, 2.0))
        for tilt in tilts
    ]
    yield as_result(
        "tilt_series_alignment",
        Alignment(
            tilts=tuple(aligned),
            tilt_axis_angle=85.0,
            score=0.9,
            transforms=folder / f"{name}.xf",
            program="align 1.0",
        ),
    )
    motion = image_of(folder, name, 1)
    volume = Tomogram(path=motion.micrograph.path, voxel_size=10.0, shape=(27, 54, 52), program="rec 1.0")
    yield as_result("tomogram_reconstruction", volume)
    yield as_result("denoising", volume.model_copy(update={"program": "denoise 1.0"}))


WORK: Mapping[str, Work] = {
    MOVIE: movie,
    EXTRACTION: particles,
    FILE: particle_file,
    BATCH: batch,
    CLASSES_3D: classes_3d,
    REFINEMENT: refinement,
    B_FACTOR: b_factor,
    "tilt_movie": tilt_movie,
    "tilt_series": tilt_series,
}
