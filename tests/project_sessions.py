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
    Picks,
    Tilt,
    TiltAlignment,
    TiltSeries,
    Tomogram,
)
from tasks.particle_extraction import EmbeddedExtraction
from tasks.project import ProcessedMovie, ProcessedTiltSeries


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
