"""What a project costs, read from a ledger: to write it, to bring it up to date, and to find that nothing is new."""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from sqlalchemy import insert, select, update

import flows.project_of_spa
import flows.project_of_tomography  # noqa: F401 - imported here, so that it is not measured
from flows.projects import write_session_project
from tasks.ledger import Ledger, Session, open_ledger, open_session
from tasks.ledger.tables import items
from tasks.ledger.tables import results as table
from tasks.models import (
    Acquisition,
    Alignment,
    Ctf,
    Micrograph,
    Model,
    Motion,
    Movie,
    Particles,
    Picks,
    Tilt,
    TiltAlignment,
    TiltSeries,
    Tomogram,
)
from tasks.project import ProcessedMovie, ProcessedTiltSeries

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


def results(found: ProcessedMovie | ProcessedTiltSeries) -> dict[str, Model]:
    """Return what was found of an item, by steps."""
    names = {"motion": "motion_correction", "ctf": "ctf_estimation", "picks": "particle_picking"}
    names |= {"alignment": "tilt_series_alignment", "tomogram": "tomogram_reconstruction", "denoised": "denoising"}
    known = {step: getattr(found, name, None) for name, step in names.items()}
    return {step: value for step, value in known.items() if value}


def put(ledger: Ledger, kind: str, found: dict[str, dict[str, Model]], payloads: dict[str, dict[str, object]]) -> None:
    """Write items that are done with their results, all at once."""
    fixed = {"kind": kind, "priority": 0, "state": "done", "attempt": 1, "failures": {}, "session_id": 1}
    fixed |= {"not_before": 0.0, "arrived": 1.0, "finished": 2.0}
    rows = [fixed | {"key": key, "payload": payloads.get(key, {})} for key in found]
    ledger.write(lambda connection: connection.execute(insert(items), rows))
    numbers = ledger.read(lambda c: dict(c.execute(select(items.c.key, items.c.id).where(items.c.kind == kind)).all()))
    empty = {"tool": "t", "version": "", "command": "", "seconds": 0.0, "host": "", "flow_run": "", "recorded": 1.0}
    made = [
        empty | {"item_id": numbers[key], "step": step, "digest": "1", "result": value.model_dump(mode="json")}
        for key, by_step in found.items()
        for step, value in by_step.items()
    ]
    ledger.write(lambda connection: connection.execute(insert(table), made))


def open_spa(folder: Path, count: int, particles: int) -> Ledger:
    """Return a ledger with a session of movies that are done."""
    ledger = open_ledger(f"sqlite:///{folder}/ledger.db")
    given = {"acquisition": ACQUISITION.model_dump(mode="json")}
    open_session(ledger, Session(name="s", kind="spa", folder=folder / "session", parameters=given))
    movies = {str(found.movie.path): found for found in (movie(folder / "session", n, particles) for n in range(count))}
    put(ledger, "movie", {key: results(found) for key, found in movies.items()}, {})
    cut = {key: {"particle_extraction": found.particles} for key, found in movies.items() if found.particles}
    put(ledger, "extraction", cut, {})
    return ledger


def open_tomography(folder: Path, count: int) -> Ledger:
    """Return a ledger with a session of tilt series that are done."""
    ledger = open_ledger(f"sqlite:///{folder}/ledger.db")
    given = {"acquisition": ACQUISITION.model_dump(mode="json"), "tilt_axis_angle": 85.0}
    open_session(ledger, Session(name="s", kind="tomography", folder=folder / "session", parameters=given))
    for number in range(count):
        found = series(folder / "session", number)
        own = folder / "session" / found.series.name
        payload = {"name": found.series.name, "mdoc": str(own / "a.mdoc"), "frames": str(own / "frames")}
        payload["movies"] = [tilt.source.path.name for tilt in found.series.tilts if isinstance(tilt.source, Movie)]
        describe(own, found)
        put(ledger, "tilt_series", {payload["mdoc"]: results(found)}, {payload["mdoc"]: payload})
        of_tilts = {
            str(moved.path): {
                "motion_correction": found.motions[name],
                "ctf_estimation": found.ctfs[name],
            }
            for name, moved in found.series.movies.items()
        }
        put(ledger, "tilt_movie", of_tilts, {})
    return ledger


def describe(own: Path, found: ProcessedTiltSeries) -> None:
    """Write the mdoc file and the movies of a series, of which only the headers are read."""
    frames = own / "frames"
    frames.mkdir(parents=True)
    sections = []
    for place, tilt in enumerate(found.series.tilts):
        tifffile.imwrite(frames / f"{tilt.name}.tiff", np.zeros((2, 8, 8), np.int16))
        path = f"SubFramePath = {tilt.name}.tiff"
        sections.append(f"[ZValue = {place}]\nTiltAngle = {tilt.angle}\nExposureDose = 3\n{path}\n")
    (own / "a.mdoc").write_text("PixelSpacing = 0.675\nVoltage = 300\n\n" + "\n".join(sections))


def touched(ledger: Ledger, kinds: tuple[str, ...], count: int) -> None:
    """Have the last items of each kind done once more."""
    numbers = [
        number
        for kind in kinds
        for number in ledger.read(
            lambda c, kind=kind: c.scalars(
                select(items.c.id).where(items.c.kind == kind).order_by(items.c.id.desc()).limit(count)
            ).all()
        )
    ]
    change = update(items).where(items.c.id.in_(numbers)).values(attempt=items.c.attempt + 1)
    ledger.write(lambda connection: connection.execute(change))


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


def measured(ledger: Ledger, count: int, what: str, kinds: tuple[str, ...]) -> None:
    """Show what it costs to write a project, and to bring it up to date."""
    show(f"{what}, written first", count, lambda: write_session_project(ledger, "s"))
    for news in (1, 10):
        touched(ledger, kinds, news)
        show(f"{what}, {news} with news", count, lambda: write_session_project(ledger, "s"))
    show(f"{what}, nothing new", count, lambda: write_session_project(ledger, "s"))


def main() -> None:
    """Write projects of growing sessions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--micrographs", type=int, nargs="*", default=[100, 1_000, 10_000])
    parser.add_argument("--particles", type=int, default=0, help="in each micrograph")
    parser.add_argument("--series", type=int, nargs="*", default=[10, 100])
    given = parser.parse_args()
    for count in given.micrographs:
        with tempfile.TemporaryDirectory() as scratch:
            measured(open_spa(Path(scratch), count, given.particles), count, "micrographs", ("movie", "extraction"))
    for count in given.series:
        with tempfile.TemporaryDirectory() as scratch:
            measured(open_tomography(Path(scratch), count), count, "tilt series", ("tilt_series",))


if __name__ == "__main__":
    main()
