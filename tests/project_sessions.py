"""Sessions with everything found, for tests of projects."""

from pathlib import Path

import numpy as np
import pandas as pd

from tasks.formats.mrc import write_mrc
from tasks.formats.star import write_star
from tasks.models import (
    Acquisition,
    Alignment,
    Ctf,
    Exclusion,
    Micrograph,
    Motion,
    Movie,
    Optics,
    ParticleSet,
    Picks,
    Tilt,
    TiltAlignment,
    TiltSeries,
    Tomogram,
)
from tasks.models.classes import ClassAverage, Classes2D, ClassScore, SelectedParticles
from tasks.models.maps import Class3D, Classes3D, FoundSymmetry, InitialModel, Map, Refinement, SymmetryScore
from tasks.models.resolution import BFactorFit, FscShell, PostProcessed, ResolutionPoint
from tasks.particle_extraction import EmbeddedExtraction
from tasks.particle_extraction.joining import join_particles
from tasks.project import ProcessedBatch, ProcessedDensity, ProcessedMovie, ProcessedPart, ProcessedTiltSeries


def motion_of(folder: Path, name: str) -> Motion:
    """Return a motion whose files are there, empty."""
    files = {part: folder / f"{name}{part}.mrc" for part in ("", "_noDW", "_EVN", "_ODD", "_PS")}
    folder.mkdir(parents=True, exist_ok=True)
    for file in [*files.values(), folder / f"{name}.star"]:
        file.touch()
    micrograph = Micrograph(
        path=files[""],
        pixel_size=1.35,
        unweighted=files["_noDW"],
        even=files["_EVN"],
        odd=files["_ODD"],
        power_spectrum=files["_PS"],
    )
    return Motion(
        micrograph=micrograph,
        displacements=((0.0, 0.0), (0.5, -1.0), (1.0, -1.5)),
        early=1.5,
        late=0.75,
        metadata=folder / f"{name}.star",
        program="motion 1.0",
    )


def ctf_of(folder: Path, name: str, defocus: float = 40000.0) -> Ctf:
    """Return a CTF."""
    return Ctf(
        defocus_u=defocus + 150,
        defocus_v=defocus - 150,
        defocus_angle=-35.5,
        resolution=6.5,
        figure_of_merit=0.12,
        ice_ring=0.8,
        diagnostic=folder / f"{name}_ctf.png",
        profile=folder / f"{name}_ctf.csv",
        program="ctf 1.0",
    )


def processed(
    folder: Path, name: str = "TS_01", angles: tuple[float, ...] = (-60, -30, 0, 30, 60)
) -> ProcessedTiltSeries:
    """Return a tilt series with everything, taken from 0 degree outward; the last exposure was excluded."""
    acquisition = Acquisition(pixel_size=0.675, dose_per_frame=1.0)
    order = sorted(angles, key=abs)
    raw, moved = folder / name / "frames", folder / name / "motion_correction"
    raw.mkdir(parents=True)
    tilts = []
    for angle in angles:
        number = order.index(angle) + 1
        path = raw / f"{name}_{number:03d}_{angle:.1f}.tiff"
        path.touch()
        movie = Movie(path=path, acquisition=acquisition, pre_exposure=3.0 * (number - 1))
        tilts.append(Tilt(name=path.stem, angle=angle, number=number, pre_exposure=movie.pre_exposure, source=movie))
    series = TiltSeries(name=name, tilts=tuple(tilts), tilt_axis_angle=85.0, optics=Optics(voltage=300.0))
    kept = [tilt for tilt in tilts if tilt.number < len(tilts)]
    alignment = Alignment(
        tilts=tuple(
            TiltAlignment(name=tilt.name, angle=tilt.angle + 0.5, axis_angle=85.5, displacement=(10.0, -20.0))
            for tilt in kept
        ),
        excluded=tuple(Exclusion(name=tilt.name, reason="too dark") for tilt in tilts if tilt not in kept),
        tilt_axis_angle=85.5,
        score=0.9,
        transforms=folder / f"{name}.xf",
        program="align 1.0",
    )
    volumes = [folder / name / "tomogram_reconstruction" / f"{name}{part}.mrc" for part in ("", "_even", "_odd")]
    volumes[0].parent.mkdir()
    for volume in volumes:
        volume.touch()
    tomogram = Tomogram(
        path=volumes[0], voxel_size=10.0, shape=(270, 540, 512), even=volumes[1], odd=volumes[2], program="rec 1.0"
    )
    return ProcessedTiltSeries(
        series=series,
        motions={tilt.name: motion_of(moved, tilt.name) for tilt in tilts},
        ctfs={tilt.name: ctf_of(moved, tilt.name) for tilt in tilts},
        alignment=alignment,
        tomogram=tomogram,
        denoised=tomogram.model_copy(update={"program": "denoise 1.0"}),
    )


def image_of(folder: Path, name: str, seed: int) -> Motion:
    """Return a motion whose images are noise of 256 pixels."""
    motion = motion_of(folder, name)
    noise = np.random.default_rng(seed).normal(size=(256, 256)).astype(np.float32)
    write_mrc(motion.micrograph.path, noise, motion.micrograph.pixel_size)
    return motion


def picks_of(folder: Path, motion: Motion, count: int) -> Picks:
    """Return picks on a line."""
    stem = motion.micrograph.path.stem
    places = np.linspace(48, 200, count)
    columns = {"rlnCoordinateX": places, "rlnCoordinateY": places[::-1], "rlnAutopickFigureOfMerit": 1.0}
    table = pd.DataFrame({**columns, "rlnClassNumber": 0, "rlnAnglePsi": 0.0})
    write_star(folder / f"{stem}_autopick.star", {"": table})
    return Picks(
        micrograph=motion.micrograph,
        coordinates=folder / f"{stem}_autopick.star",
        count=count,
        diameter=40.0,
        threshold=0.5,
        program="picks 1.0",
    )


def processed_movies(folder: Path, count: int = 3, particles: int = 5) -> list[ProcessedMovie]:
    """Return movies of two grid squares with particles."""
    acquisition, found = Acquisition(pixel_size=0.675, dose_per_frame=1.0), []
    extraction = EmbeddedExtraction(box_size=64, binned_size=32)
    for number in range(1, count + 1):
        path = folder / f"GridSquare_{number % 2}" / "Data" / f"FoilHole_{number}.tiff"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        motion = image_of(folder / "motion_correction", path.stem, number)
        (folder / "particle_picking").mkdir(exist_ok=True)
        (folder / "particle_extraction").mkdir(exist_ok=True)
        picks = picks_of(folder / "particle_picking", motion, particles)
        ctf = ctf_of(folder / "ctf_estimation", path.stem)
        cut = extraction.extract(picks, ctf, acquisition, folder / "particle_extraction")
        movie = Movie(path=path, acquisition=acquisition)
        found.append(ProcessedMovie(movie=movie, motion=motion, ctf=ctf, picks=picks, particles=cut))
    return found


def run_of(folder: Path, particles: ParticleSet, stem: str, names: tuple[str, ...]) -> ParticleSet:
    """Leave the files of a run of RELION, which name each other and the images absolutely; return its particles."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write_mrc(folder / name, np.zeros((2, 4, 4), np.float32), particles.pixel_size)
    stars = {part: folder / f"{stem}_{part}.star" for part in ("data", "model", "optimiser", "sampling")}
    stars["data"].write_text(particles.star.read_text())
    stars["model"].write_text(f"data_model_classes\n\nloop_\n_rlnReferenceImage #1\n{folder / names[0]}\n\n")
    values = {"rlnModelStarFile": stars["model"], "rlnExperimentalDataStarFile": stars["data"]}
    stars["optimiser"].write_text("".join(["data_optimiser_general\n\n", *(f"_{k} {v}\n" for k, v in values.items())]))
    stars["sampling"].write_text("data_sampling_general\n\n_rlnIs3DSampling 1\n")
    return particles.model_copy(update={"star": stars["data"]})


def batch_of(folder: Path, movies: list[ProcessedMovie], number: int) -> ProcessedBatch:
    """Return a batch of all particles of some movies, in two classes of which the second is kept."""
    cut = [movie.particles for movie in movies if movie.particles]
    below = folder / "particle_batches" / f"{number}"
    below.mkdir(parents=True)
    particles = join_particles(cut, below / "particles.star")
    run = below / "classification_2d"
    classified = run_of(run, particles, "run_it020", ("run_it020_classes.mrcs",))
    classes = Classes2D(
        particles=classified,
        averages=run / "run_it020_classes.mrcs",
        model=run / "run_it020_model.star",
        optimiser=run / "run_it020_optimiser.star",
        classes=tuple(ClassAverage(number=n, particles=1, fraction=0.5) for n in (1, 2)),
        algorithm="em",
        program="relion 3.1",
    )
    kept = join_particles(cut[:1], below / "selected.star")
    scores = tuple(ClassScore(number=n, score=n / 2 - 0.1, selected=n == 2, reason="looks so") for n in (1, 2))
    selected = SelectedParticles(
        particles=kept, averages=classes.averages, scores=scores, threshold=0.5, program="judge 1.0"
    )
    return ProcessedBatch(number=number, particles=particles, classes=classes, selected=selected)


def map_of(path: Path, symmetry: str = "C1", **more) -> Map:
    """Return a density."""
    return Map(path=path, pixel_size=2.7, box_size=32, symmetry=symmetry, **more)


def refined_of(folder: Path, particles: ParticleSet) -> tuple[Refinement, PostProcessed]:
    """Return a refinement and its sharpened density, in folders of their own."""
    below, sharp = folder / "refinement", folder / "post_processing"
    halves = tuple(below / f"run_half{number}_class001_unfil.mrc" for number in (1, 2))
    found = run_of(below, particles, "run", ("run_class001.mrc", *(half.name for half in halves)))
    run_of(below, particles, "run_it012", ("run_class001.mrc",))
    refinement = Refinement(
        particles=found,
        map=map_of(below / "run_class001.mrc", "D2", resolution=8.0, halves=halves),
        model=below / "run_model.star",
        optimiser=below / "run_it012_optimiser.star",
        iterations=12,
        program="relion 3.1",
    )
    sharp.mkdir()
    for name in ("postprocess.mrc", "postprocess_masked.mrc", "mask.mrc"):
        write_mrc(sharp / name, np.zeros((2, 4, 4), np.float32), 2.7)
    names = f"_rlnUnfilteredMapHalf1 {halves[0]}\n_rlnMaskName {sharp / 'mask.mrc'}\n"
    (sharp / "postprocess.star").write_text(f"data_general\n\n_rlnFinalResolution 7.1\n{names}")
    return refinement, PostProcessed(
        map=map_of(sharp / "postprocess.mrc", "D2", resolution=7.1),
        masked=sharp / "postprocess_masked.mrc",
        mask=sharp / "mask.mrc",
        mask_threshold=0.02,
        b_factor=-120.0,
        fsc=(FscShell(resolution=10, corrected=0.9, unmasked=0.8, masked=0.9, randomised=0.1),),
        star=sharp / "postprocess.star",
        program="relion 3.1",
    )


def density_of(folder: Path, batch: ProcessedBatch, name: str = "50000") -> ProcessedDensity:
    """Return a density with everything, of the good particles of a batch."""
    below, chosen = folder / "densities" / name, batch.selected
    assert chosen
    first = below / "initial_model"
    run_of(first, chosen.particles, "run_it200", ("run_it200_class001.mrc",))
    one = {"number": 1, "particles": 5, "fraction": 1.0}
    model = InitialModel(
        map=map_of(first / "run_it200_class001.mrc"),
        classes=(Class3D(**one, map=map_of(first / "run_it200_class001.mrc")),),
        best=1,
        why="the only one",
        program="relion 3.1",
    )
    turned = below / "symmetry_search" / "D2.mrc"
    turned.parent.mkdir()
    write_mrc(turned, np.zeros((2, 4, 4), np.float32), 2.7)
    symmetry = FoundSymmetry(
        map=map_of(turned, "D2"),
        scores=(SymmetryScore(group="D2", agreement=0.98), SymmetryScore(group="O", agreement=0.2)),
        why="its copies agree",
        program="relion 3.1",
    )
    run = below / "classification_3d"
    classified = run_of(run, chosen.particles, "run_it025", ("run_it025_class001.mrc",))
    classes = Classes3D(
        particles=classified,
        model=run / "run_it025_model.star",
        optimiser=run / "run_it025_optimiser.star",
        classes=(Class3D(**one, map=map_of(run / "run_it025_class001.mrc", "D2")),),
        best=1,
        why="most evidence",
        program="relion 3.1",
    )
    best = chosen.particles.model_copy(update={"star": below / "best_class.star"})
    best.star.write_text(chosen.particles.star.read_text())
    refinement, sharpened = refined_of(below, best)
    part, sharper = refined_of(below / "part_3", best)
    points = tuple(ResolutionPoint(particles=count, resolution=9 - count / 5) for count in (1, 3, 5))
    return ProcessedDensity(
        name=name,
        particles=chosen.particles,
        first=model,
        symmetry=symmetry,
        classes=classes,
        best=best,
        refinement=refinement,
        sharpened=sharpened,
        parts=(ProcessedPart(particles=best, refinement=part, sharpened=sharper),),
        b_factor=BFactorFit(
            points=points, slope=0.01, intercept=0.001, b_factor=200, confidence=(150, 300), program="fit 1.0"
        ),
    )
