"""What a project costs: CPU seconds to write it, to bring it up to date, and to find that nothing is new."""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tasks.models import (
    Acquisition,
    Alignment,
    Ctf,
    Micrograph,
    Motion,
    Movie,
    Particles,
    Picks,
    Tilt,
    TiltAlignment,
    TiltSeries,
    Tomogram,
)
from tasks.project import ProcessedMovie, ProcessedTiltSeries, write_spa_project, write_tomography_project

ACQUISITION = Acquisition(pixel_size=0.675)
ROW = {
    "rlnCoordinateX": "{0}",
    "rlnCoordinateY": "{0}",
    "rlnAutopickFigureOfMerit": "0.75",
    "rlnClassNumber": "0",
    "rlnAnglePsi": "0",
    "rlnImageName": "{0:06d}@{1}",
    "rlnMicrographName": "{2}",
    "rlnOpticsGroup": "1",
    "rlnCtfMaxResolution": "4.5",
    "rlnCtfFigureOfMerit": "0.123",
    "rlnDefocusU": "15234.5",
    "rlnDefocusV": "15012.25",
    "rlnDefocusAngle": "12.5",
}


def motion(folder: Path, name: str) -> Motion:
    """Return a motion; its files need not be there, a project only names them."""
    path = folder / "motion_correction" / f"{name}.mrc"
    parts = {part: path.with_name(f"{name}_{part}.mrc") for part in ("noDW", "EVN", "ODD", "PS")}
    micrograph = Micrograph(
        path=path,
        pixel_size=0.675,
        unweighted=parts["noDW"],
        even=parts["EVN"],
        odd=parts["ODD"],
        power_spectrum=parts["PS"],
    )
    return Motion(
        micrograph=micrograph,
        displacements=((0.0, 0.0),) * 40,
        early=2.25,
        late=3.125,
        metadata=path.with_suffix(".star"),
        program="motion",
    )


def ctf(folder: Path) -> Ctf:
    """Return a CTF."""
    return Ctf(
        defocus_u=15234.5,
        defocus_v=15012.25,
        defocus_angle=12.5,
        resolution=4.5,
        figure_of_merit=0.123,
        ice_ring=0.1,
        diagnostic=folder / "a.png",
        profile=folder / "a.csv",
        program="ctf",
    )


def movie(folder: Path, number: int, particles: int) -> ProcessedMovie:
    """Return a movie with everything, of a grid square of a hundred."""
    name = f"FoilHole_{number:05d}"
    path = folder / f"GridSquare_{number // 100}" / "Data" / f"{name}.tiff"
    moved = motion(folder, name)
    extract = folder / "particle_extraction"
    star, stack = extract / f"{name}_extract.star", extract / f"{name}.mrcs"
    extract.mkdir(parents=True, exist_ok=True)
    columns = "".join(f"_{column} #{place}\n" for place, column in enumerate(ROW, 1))
    row = "\t".join(ROW.values())
    rows = "".join(row.format(n, stack, moved.micrograph.path) + "\n" for n in range(1, particles + 1))
    star.write_text(f"data_optics\n\nloop_\n_rlnOpticsGroup #1\n1\n\ndata_particles\n\nloop_\n{columns}{rows}\n")
    common = {"micrograph": moved.micrograph, "diameter": 150.0, "program": "particles"}
    picks = folder / "particle_picking" / f"{name}_autopick.star"
    return ProcessedMovie(
        movie=Movie(path=path, acquisition=ACQUISITION),
        motion=moved,
        ctf=ctf(folder),
        picks=Picks(coordinates=picks, count=particles, threshold=0.1, **common),
        particles=Particles(stack=stack, star=star, count=particles, box_size=64, pixel_size=2.7, **common),
    )


def series(folder: Path, number: int) -> ProcessedTiltSeries:
    """Return a tilt series of 41 tilts with everything."""
    name, own = f"TS_{number:04d}", folder / f"TS_{number:04d}"
    names = [f"{name}_{tilt:03d}" for tilt in range(41)]
    tilts = tuple(
        Tilt(
            name=tilt,
            angle=3.0 * place - 60,
            number=place + 1,
            pre_exposure=3.0 * place,
            source=Movie(path=own / "frames" / f"{tilt}.tiff", acquisition=ACQUISITION),
        )
        for place, tilt in enumerate(names)
    )
    aligned = tuple(
        TiltAlignment(name=tilt.name, angle=tilt.angle, axis_angle=85.25, displacement=(12.5, -3.75)) for tilt in tilts
    )
    volume = own / "tomogram_reconstruction" / f"{name}.mrc"
    tomogram = Tomogram(path=volume, voxel_size=10.0, shape=(200, 400, 400), program="reconstruction")
    return ProcessedTiltSeries(
        series=TiltSeries(name=name, tilts=tilts, tilt_axis_angle=85.0),
        motions={tilt: motion(own, tilt) for tilt in names},
        ctfs={tilt: ctf(own) for tilt in names},
        alignment=Alignment(
            tilts=aligned, tilt_axis_angle=85.25, score=0.5, transforms=own / "a.xf", program="alignment"
        ),
        tomogram=tomogram,
        denoised=tomogram,
    )


def measure(work: Callable[[], None]) -> tuple[float, float]:
    """Return CPU and wall seconds."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - began


def show(what: str, count: int, work: Callable[[], None]) -> None:
    """Print what a call costs."""
    cpu, wall = measure(work)
    print(f"{count:6d} {what:40s} {cpu:8.3f} s CPU {wall:8.3f} s wall {1000 * cpu / count:8.3f} ms CPU each")


def main() -> None:
    """Write projects of growing sessions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--micrographs", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--particles", type=int, default=0, help="in each micrograph")
    parser.add_argument("--series", type=int, nargs="+", default=[10, 100])
    given = parser.parse_args()
    for count in given.micrographs:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            movies = [movie(folder / "session", number, given.particles) for number in range(count)]
            show("micrographs, first", count, lambda: write_spa_project(folder / "p", "s", movies[:-1]))  # noqa: B023
            show("micrographs, one more", count, lambda: write_spa_project(folder / "p", "s", movies))  # noqa: B023
            show("micrographs, nothing new", count, lambda: write_spa_project(folder / "p", "s", movies))  # noqa: B023
    for count in given.series:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            found = [series(folder / "session", number) for number in range(count)]
            show("tilt series, first", count, lambda: write_tomography_project(folder / "p", "s", found[:-1]))  # noqa: B023
            show("tilt series, one more", count, lambda: write_tomography_project(folder / "p", "s", found))  # noqa: B023
            show("tilt series, nothing new", count, lambda: write_tomography_project(folder / "p", "s", found))  # noqa: B023


if __name__ == "__main__":
    main()
