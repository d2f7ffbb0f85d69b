"""The project of a session follows what the ledger knows of it, through the outbox."""

import json
from pathlib import Path

import pytest
from project_sessions import batch_of, ctf_of, density_of, motion_of, processed, processed_movies

from flows.items import settle
from flows.outboxes import deliver
from flows.project_of_records import project_of_movies
from flows.project_of_series import project_of_series
from flows.projects import write_session_project
from tasks.formats.star import read_table
from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    Lease,
    Message,
    Result,
    Selection,
    Session,
    arrive,
    claim,
    fail,
    open_session,
    post,
    posted,
    requeue,
)
from tasks.models import Alignment, Model, TiltAlignment
from tasks.project import ProcessedMovie
from tasks.project.lock import alone
from tasks.project.pipeline_file import read_pipeline

EXTRACTED = "Extract/job005/particles.star"
FITTED = "CtfFind/job003/micrographs_ctf.star"


def result(step: str, found: Model) -> Result:
    return Result(step=step, digest="1", result=found.model_dump(mode="json"), tool="test")


def results_of_movie(found: ProcessedMovie) -> list[Result]:
    steps = {"motion_correction": found.motion, "ctf_estimation": found.ctf, "particle_picking": found.picks}
    return [result(step, value) for step, value in steps.items() if value]


def done(ledger, kind: str, results: dict[str, list[Result]]) -> None:
    """Have items of a kind done as a run does them."""
    leases = claim(ledger, Claimer(owner="a run", kinds=(kind,), order="oldest"), 1000)
    for lease in leases:
        if lease.key in results:
            settle(ledger, lease, lambda lease=lease: results[lease.key])


def arrived(ledger, kind: str, payloads: dict[str, dict]) -> None:
    arrive(ledger, [Arrival(session="cm2", kind=kind, key=key, payload=each) for key, each in payloads.items()])


@pytest.fixture
def spa(ledger, tmp_path) -> tuple[Path, dict[str, ProcessedMovie]]:
    """A session with three movies, two of which are done, and the particles of one."""
    movies = {str(found.movie.path): found for found in processed_movies(tmp_path / "session")}
    acquisition = next(iter(movies.values())).movie.acquisition.model_dump(mode="json")
    open_session(
        ledger, Session(name="cm2", kind="spa", folder=tmp_path / "cm2", parameters={"acquisition": acquisition})
    )
    arrived(ledger, "movie", {key: {"path": key} for key in movies})
    first, second, _ = movies
    done(ledger, "movie", {key: results_of_movie(movies[key]) for key in (first, second)})
    arrived(ledger, "extraction", {key: {"of": "1"} for key in movies})
    done(ledger, "extraction", {first: [result("particle_extraction", movies[first].particles)]})
    return tmp_path / "cm2" / "project", movies


def take_over_waiting(ledger, key: str, kind: str = "movie") -> Lease:
    session = "cm2" if kind == "movie" else "cm1"
    (lease,) = claim(ledger, Claimer(owner="a run", kinds=(kind,), session=session, keys=(key,)), 1)
    return lease


def test_what_was_found_is_in_the_project_when_the_outbox_is_delivered(ledger, spa):
    project, _ = spa
    assert deliver(ledger) == 2
    assert len(read_table(project / "Import/job001/movies.star", "movies")) == 3
    table = read_table(project / FITTED, "micrographs")
    assert list(table["rlnDefocusU"]) == [40150.0, 40150.0]
    assert [name for name in table["rlnMicrographName"] if not (project / name).exists()] == []
    assert len(read_table(project / EXTRACTED, "particles")) == 5
    assert posted(ledger, "project") == {"sent": 1}


def test_what_is_done_later_comes_to_what_was_done_before(ledger, spa):
    project, movies = spa
    deliver(ledger)
    before = (project / EXTRACTED).read_text()
    second = list(movies)[1]
    leases = take_over(ledger, "extraction", second)
    settle(ledger, leases, lambda: [result("particle_extraction", movies[second].particles)])
    deliver(ledger)
    assert set(before.splitlines()) < set((project / EXTRACTED).read_text().splitlines())
    assert len(read_table(project / EXTRACTED, "particles")) == 10


def take_over(ledger, kind: str, key: str) -> Lease:
    """Take an item from the run that has it."""
    requeue(ledger, Selection(session="cm2", states=("running",), kinds=(kind,), keys=(key,)), "a test")
    (lease,) = claim(ledger, Claimer(owner="another run", kinds=(kind,), session="cm2", keys=(key,)), 1)
    return lease


def test_a_result_that_was_found_anew_takes_the_place_of_the_old_one(ledger, spa):
    project, movies = spa
    deliver(ledger)
    first = next(iter(movies))
    requeue(ledger, Selection(session="cm2", states=("done",), kinds=("movie",), keys=(first,)), "a user")
    other = movies[first].ctf.model_copy(update={"defocus_u": 50000.0})
    lease = take_over_waiting(ledger, first)
    settle(ledger, lease, lambda: results_of_movie(movies[first].model_copy(update={"ctf": other})))
    deliver(ledger)
    table = read_table(project / FITTED, "micrographs")
    found = {Path(name).stem: defocus for name, defocus in zip(table.iloc[:, 0], table["rlnDefocusU"], strict=True)}
    assert found == {"FoilHole_1": 50000.0, "FoilHole_2": 40150.0}


def test_what_has_not_changed_is_neither_read_nor_written_again(ledger, spa, monkeypatch):
    project, _ = spa
    write_session_project(ledger, "cm2")
    before = {path: path.lstat().st_mtime_ns for path in project.rglob("*")}
    read = []
    known = "flows.project_of_spa.results_of"
    monkeypatch.setattr(known, lambda ledger, session, kind, keys: read.extend(keys) or {})
    write_session_project(ledger, "cm2")
    assert read == []
    assert {path: path.lstat().st_mtime_ns for path in project.rglob("*")} == before


def test_a_movie_that_is_given_up_is_named_where_it_stopped(ledger, spa):
    project, movies = spa
    third = list(movies)[2]
    fail(ledger, take_over(ledger, "movie", third), Failure(kind="bad-data", reason="no Thon rings"))
    write_session_project(ledger, "cm2")
    assert (project / "MotionCorr/job002/run.err").read_text() == f"{third}: no Thon rings\n"


def test_a_project_that_somebody_holds_is_tried_again_and_the_others_are_told(ledger, spa):
    project, _ = spa
    deliver(ledger)
    (project / "default_pipeline.star").unlink()
    (project / ".relion_lock").mkdir()
    post(ledger, [Message(target="project", key="cm2", payload={"again": 1}, repeat=True)])
    assert deliver(ledger) == 0
    assert posted(ledger, "project") == {"pending": 1}
    assert posted(ledger, "report") == {"sent": 1}
    (project / ".relion_lock").rmdir()


def test_two_who_write_at_once_do_not_mix(ledger, spa):
    project, _ = spa
    write_session_project(ledger, "cm2")
    with alone(project), pytest.raises(TimeoutError, match="being written by another process"):
        write_session_project(ledger, "cm2")


def test_batches_and_densities_are_jobs(ledger, spa, tmp_path):
    project, movies = spa
    batch = batch_of(tmp_path / "session", [next(iter(movies.values()))], 1)
    density = density_of(tmp_path / "session", batch)
    arrived(ledger, "particle_batch", {"1": {"micrographs": [next(iter(movies))]}, "2": {"micrographs": []}})
    arrived(ledger, "classification_3d", {"50000": {"batches": ["1"], "particles": 5}})
    arrived(ledger, "refinement", {"50000": {}})
    arrived(ledger, "b_factor", {"50000": {}})
    of_batch = {"particles": batch.particles, "classification_2d": batch.classes, "class_selection": batch.selected}
    done(ledger, "particle_batch", {"1": [result(*each) for each in of_batch.items()], "2": []})
    first = {"initial_model": density.first, "symmetry_search": density.symmetry}
    in_3d = {"particles": density.particles, **first, "classification_3d": density.classes, "best_class": density.best}
    done(ledger, "classification_3d", {"50000": [result(*each) for each in in_3d.items()]})
    sharp = {"refinement": density.refinement, "post_processing": density.sharpened}
    done(ledger, "refinement", {"50000": [result(*each) for each in sharp.items()]})
    (part,) = density.parts
    parts = {"particles_3": part.particles, "refinement_3": part.refinement, "post_processing_3": part.sharpened}
    done(ledger, "b_factor", {"50000": [result(*each) for each in (parts | {"b_factor": density.b_factor}).items()]})
    deliver(ledger)
    pipeline = read_pipeline(project / "default_pipeline.star")
    assert [process.name.split("/")[0] for process in pipeline.processes][5:] == [
        *("Select", "Class2D", "Select", "JoinStar"),
        *("InitialModel", "Class3D", "Select", "Refine3D", "MaskCreate", "PostProcess", "External"),
    ]
    assert {process.status for process in pipeline.processes} == {"Succeeded"}


def test_a_tilt_series_follows_its_tilts(ledger, session, seen_tilt_series, tmp_path):
    tilts = [tilt.movie.path for tilt in seen_tilt_series.tilts]
    found = {str(path): motion_of(tmp_path / "motion", path.stem) for path in tilts}
    write_session_project(ledger, "cm1")
    project = session.folder / "project"
    assert not (project / "MotionCorr").exists()
    for key in list(found)[:2]:
        lease = take_over_waiting(ledger, key, "tilt_movie")
        ctf = result("ctf_estimation", ctf_of(tmp_path, Path(key).stem))
        settle(ledger, lease, lambda key=key, ctf=ctf: [result("motion_correction", found[key]), ctf])
    deliver(ledger)
    name = seen_tilt_series.name
    assert len(read_table(project / f"CtfFind/job003/tilt_series/{name}.star", name)) == 2
    aligned = tuple(
        TiltAlignment(name=path.stem, angle=0.0, axis_angle=85.0, displacement=(1.0, 2.0)) for path in tilts[:2]
    )
    alignment = Alignment(tilts=aligned, tilt_axis_angle=85.0, score=0.5, transforms=tmp_path / "a.xf", program="a 1")
    lease = take_over_waiting(ledger, str(seen_tilt_series.mdoc), "tilt_series")
    settle(ledger, lease, lambda: [result("tilt_series_alignment", alignment)])
    deliver(ledger)
    table = read_table(project / f"AlignTiltSeries/job005/tilt_series/{name}.star", name)
    assert list(table["rlnTomoXShiftAngst"]) == [1.0, 1.0]
    assert posted(ledger, "project") == {"sent": 1}


def test_of_two_series_of_one_name_one_is_in_the_project(ledger, session, seen_tilt_series, tmp_path):
    payload = {"name": seen_tilt_series.name, "mdoc": str(tmp_path / "lost.mdoc"), "frames": str(tmp_path)}
    arrive(ledger, [Arrival(session="cm1", kind="tilt_series", key=payload["mdoc"], payload=payload)])
    write_session_project(ledger, "cm1")
    table = read_table(session.folder / "project/Import/job001/tilt_series.star", "global")
    assert list(table["rlnTomoName"]) == [seen_tilt_series.name]


def test_a_run_without_a_ledger_writes_what_its_steps_recorded(tmp_path):
    movies = processed_movies(tmp_path / "data", 2)
    folder, batch = tmp_path / "results", batch_of(tmp_path / "data", movies, 1)
    density = density_of(tmp_path / "data", batch)
    for found in movies:
        steps = {"motion_correction": found.motion, "particle_picking": found.picks}
        steps |= {"ctf_estimation": found.ctf, "particle_extraction": found.particles}
        for step, value in steps.items():
            ending = {"particle_picking": "_picks", "particle_extraction": "_particles"}.get(step, "")
            record(folder / "grid" / step / f"{found.movie.path.stem}{ending}.json", value)
    (folder / "batches").mkdir(parents=True)
    (folder / "batches/batches.json").write_text(kept({"batches": [batch.particles.model_dump(mode="json")]}))
    record(folder / "batch_1/classification_2d/classes_2d.json", batch.classes)
    record(folder / "batch_1/class_selection/selected.json", batch.selected)
    record(folder / "good_particles/particles.json", density.particles)
    record(folder / "initial_model/initial_model.json", density.first)
    record(folder / "classification_3d/classes_3d.json", density.classes)
    record(folder / "particles_3/particles_3.json", density.parts[0].particles)
    sources = {f"grid/{found.movie.path.name}": found.movie for found in movies}
    project_of_movies.fn(folder, "cm2", sources, movies[0].movie.acquisition)
    assert len(read_table(folder / "project" / EXTRACTED, "particles")) == 10
    names = [process.name for process in read_pipeline(folder / "project/default_pipeline.star").processes]
    assert names[5:] == [
        *("Select/job006/", "Class2D/job007/", "Select/job008/", "JoinStar/job009/"),
        *("InitialModel/job010/", "Class3D/job011/"),
    ]


def test_series_of_runs_into_one_folder_are_one_project(tmp_path):
    for name in ("TS_01", "TS_02"):
        found = processed(tmp_path / "data", name)
        given = found.motions, found.ctfs, found.alignment, found.tomogram, found.denoised
        project = project_of_series.fn(tmp_path, name, found.series, *given)
    assert list(read_table(project / "Denoise/job007/tomograms.star", "global")["rlnTomoName"]) == ["TS_01", "TS_02"]


def kept(found: dict) -> str:
    return json.dumps({"digest": "1", "outputs": {}, "result": found, "seconds": 1.0, "host": "here", "run": "1"})


def record(path: Path, found: Model) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(kept(found.model_dump(mode="json")))
